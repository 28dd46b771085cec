import GatewayCore
import Testing

/// Which of a deployment's instances gets a request.
@Suite struct InstanceChoiceTests {
    private static let millisecond: Int64 = 1_000_000
    private static let second: Int64 = 1_000_000_000
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// How often each instance is picked, one request at a time.
    private func shares(_ deployment: Deployment, _ count: Int = 1000, at now: Int64) -> [Int] {
        var shares = deployment.instances.map { _ in 0 }
        for step in 0..<count {
            let picked = deployment.pickInstance(at: now + Int64(step))
            for (index, instance) in deployment.instances.enumerated() where instance === picked { shares[index] += 1 }
        }
        return shares
    }

    private func deployment(_ count: Int) throws -> Deployment {
        try fixture.deployment("blue", (1...count).map { "http://b:\($0)" })
    }

    private func fail(_ instance: Instance, at now: Int64) {
        for _ in 0..<InstanceHealth.failuresInRow { instance.failed(.unreachable, begun: now, at: now) }
    }

    @Test(arguments: [1, 2, 3, 7]) func `equals get equal shares`(count: Int) throws {
        let deployment = try deployment(count)
        let shares = shares(deployment, 700 * count, at: Self.second)
        #expect(shares.allSatisfy { $0 == 700 })
    }

    @Test func `the slower of two gets less while the other is free`() throws {
        let deployment = try deployment(2)
        for (instance, latency) in zip(deployment.instances, [10, 100]) {
            instance.answered(status: 200, begun: 0, at: Int64(latency) * Self.millisecond)
        }
        #expect(shares(deployment, at: 100 * Self.millisecond) == [1000, 0])
    }

    @Test func `one slow answer is forgotten in time`() throws {
        let deployment = try deployment(2)
        deployment.instances[0].answered(status: 200, begun: 0, at: Self.millisecond)
        deployment.instances[1].answered(status: 200, begun: 0, at: 200 * Self.millisecond)
        let shares = shares(deployment, at: 20 * Self.second)
        #expect(shares == [500, 500])
    }

    @Test func `the busier of two gets less`() throws {
        let deployment = try deployment(2)
        fixture.publishChat([deployment], weights: [100])
        let plans = try (0..<10).map { _ in try fixture.plan(request("POST", "/demo/chat/score")) }
        #expect(deployment.instances.map(\.load.inFlight) == [5, 5])
        let first = plans.filter { $0.instance === deployment.instances[0] }
        for plan in first { plan.leave(at: 0) }
        let more = try (0..<4).map { _ in try fixture.plan(request("POST", "/demo/chat/score")) }
        #expect(more.allSatisfy { $0.instance === deployment.instances[0] })
        withExtendedLifetime(plans) {}
    }

    @Test func `one that came back begins with a small share and has its whole one after ten seconds`() throws {
        let deployment = try deployment(2)
        let (steady, back) = (deployment.instances[0], deployment.instances[1])
        fail(back, at: 0)
        #expect(shares(deployment, at: Self.millisecond) == [1000, 0])
        back.answered(status: 200, begun: Self.second, at: Self.second)
        steady.answered(status: 200, begun: Self.second, at: Self.second + Self.millisecond)
        #expect(shares(deployment, at: Self.second + 10 * Self.millisecond) == [1000, 0])
        #expect(shares(deployment, at: 12 * Self.second) == [500, 500])
    }

    @Test func `when the time has come one request tries, and only one`() throws {
        let deployment = try deployment(2)
        fixture.publishChat([deployment], weights: [100])
        fail(deployment.instances[1], at: 0)
        func admit(at now: Int64) throws -> Plan {
            let moment = Moment(uptime: now, wall: 0)
            guard case .plan(let plan) = try fixture.admission.admit(request("POST", "/demo/chat/score"), at: moment)
            else { throw Fixture.NoPlan() }
            return plan
        }
        let before = try (0..<10).map { _ in try admit(at: Self.second / 2) }
        #expect(before.allSatisfy { $0.instance === deployment.instances[0] })
        let due = try (0..<10).map { _ in try admit(at: Self.second) }
        #expect(due.count { $0.instance === deployment.instances[1] } == 1)
    }

    @Test func `the last instance of a deployment without a fallback is never ejected`() throws {
        let deployment = try deployment(2)
        fixture.publishChat([deployment], weights: [100])
        fail(deployment.instances[0], at: 0)
        fail(deployment.instances[1], at: Self.millisecond)
        for step in 0..<10 {
            let moment = Moment(uptime: Self.millisecond * Int64(2 + step), wall: 0)
            guard case .plan(let plan) = try fixture.admission.admit(request("POST", "/demo/chat/score"), at: moment)
            else { throw Fixture.NoPlan() }
            #expect(plan.instance === deployment.instances[1])
        }
    }

    @Test func `a probe that fails takes the only instance out of use no more than that`() throws {
        let deployment = try deployment(1)
        fixture.publishChat([deployment], weights: [100])
        let instance = deployment.instances[0]
        instance.probed("GET /ready answered 503", by: ProbeRule(), isReady: false, isOut: true, at: 5)
        #expect(instance.lastProbe == "GET /ready answered 503" && !instance.isReady(by: ProbeRule()))
        #expect(try fixture.plan(request("POST", "/demo/chat/score")).instance === instance)
    }

    private func wait(_ instance: Instance) {
        instance.probed("GET /ready answered 503", by: ProbeRule(), isReady: false, isOut: false, at: 0)
    }

    @Test func `what never passed its readiness gets nothing beside what did, and all where nothing did`() throws {
        let deployment = try deployment(3)
        for instance in deployment.instances { wait(instance) }
        #expect(shares(deployment, 3000, at: Self.second).allSatisfy { $0 > 0 })
        #expect(deployment.instances.allSatisfy { deployment.outage(of: $0, at: Self.second) == nil })
        deployment.instances[1].probed("", by: ProbeRule(), isReady: true, isOut: false, at: 0)
        #expect(shares(deployment, at: Self.second) == [0, 1000, 0])
        #expect(deployment.outage(of: deployment.instances[0], at: Self.second)?.contains("readiness") == true)
        #expect(deployment.outage(of: deployment.instances[1], at: Self.second) == nil)
        // Ready, but out: then what may be ready is better than what is not reached.
        fail(deployment.instances[1], at: Self.second)
        #expect(shares(deployment, at: Self.second)[1] == 0)
        deployment.instances[1].answered(status: 200, begun: 3 * Self.second, at: 3 * Self.second)
        deployment.instances[0].probed("", by: ProbeRule(), isReady: true, isOut: false, at: 0)
        let last = shares(deployment, at: 20 * Self.second)
        #expect(last[0] > 0 && last[1] > 0 && last[2] == 0)
    }

    @Test func `what is not ready is no second for a request that a ready one failed`() throws {
        let deployment = try deployment(2)
        wait(deployment.instances[1])
        fixture.publishChat([deployment], weights: [100])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        #expect(plan.instance === deployment.instances[0])
        #expect(fixture.admission.planAgain(plan, except: [plan.instance]) == nil)
    }

    @Test func `a request waits for a ready one that is full`() throws {
        let deployment = try fixture.deployment("blue", ["http://b:1", "http://b:2"], limit: 1)
        wait(deployment.instances[0])
        fixture.publishChat([deployment], weights: [100])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        #expect(plan.instance === deployment.instances[1])
        guard case .queue(let waiting) = try fixture.admission.admit(request("POST", "/demo/chat/score"))
        else { throw Fixture.NoPlan() }
        #expect(waiting.deployment === deployment)
        withExtendedLifetime(plan) {}
    }

    @Test func `a worker that does not run is never sent anything`() throws {
        let deployment = try deployment(1)
        fixture.publishChat([deployment], weights: [100])
        deployment.instances[0].markReady(false)
        #expect(throws: Refusal.notReady(deployment: "blue")) { try fixture.plan(request("POST", "/demo/chat/score")) }
    }

    @Test func `two deployments with one address share its load and nothing else`() throws {
        let blue = fixture.registry.instance(
            at: try InstanceAddress.parse("http://x:1").get(),
            of: "a/b/blue",
            isReady: true
        )
        let green = fixture.registry.instance(
            at: try InstanceAddress.parse("http://x:1").get(),
            of: "a/b/green",
            isReady: true
        )
        #expect(blue !== green && blue.load === green.load && blue.number != green.number)
        fail(blue, at: 0)
        #expect(blue.outage(at: 1) == "it could not be reached")
        #expect(green.outage(at: 1) == nil)
    }
}
