import GatewayCore
import Testing

/// Which deployment answers when another cannot.
@Suite struct FallbackTests {
    private let fixture: Fixture
    private let blue: Deployment
    private let green: Deployment
    private let local: Deployment

    init() throws {
        fixture = try Fixture()
        blue = try fixture.deployment("blue", ["http://blue:1"], limit: 1)
        green = try fixture.deployment("green", ["http://green:1"])
        local = try fixture.deployment("local", ["unix:/run/w.sock"], isNative: true)
        fixture.publishChat([blue, green, local], weights: [100, 0, 0], fallback: [green, local])
    }

    private func fail(_ deployment: Deployment) {
        for instance in deployment.instances {
            for _ in 0..<InstanceHealth.failuresInRow { instance.failed(.unreachable, begun: 0, at: 0) }
        }
    }

    private func move(_ plan: Plan, _ reason: FallbackReason) throws -> Plan? {
        let now = Moment(uptime: 0, wall: 0)
        var plan = plan
        switch fixture.admission.fallBack(&plan, of: request("POST", "/demo/chat/score"), because: reason, at: now) {
        case .plan(let plan): return plan
        case nil: return nil
        default: throw Fixture.NoPlan()
        }
    }

    @Test func `as long as the first can answer nobody else does`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(plan.deployment === blue && plan.fallback == nil && plan.canFallBack)
    }

    @Test func `without a healthy instance the request goes straight to the next`() throws {
        fail(blue)
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(plan.deployment === green && plan.fallback == .noHealthyInstance)
        fail(green)
        let last = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(last.deployment === local && last.path == "/score")
    }

    @Test func `when all are out the first is asked all the same`() throws {
        for deployment in [blue, green] { fail(deployment) }
        local.instances[0].markReady(false)
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(plan.deployment === blue && plan.fallback == nil)
    }

    @Test func `while the first starts the next answers, and who names the first gets it`() throws {
        let rule = ProbeRule()
        blue.instances[0].probed("GET /ready answered 503", by: rule, isReady: false, isOut: false, at: 0)
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(plan.deployment === green && plan.fallback == .noHealthyInstance)
        let pinned = try fixture.plan(request("POST", "/demo/chat/score", pinned: "blue"), body: "{}")
        #expect(pinned.deployment === blue)
        pinned.leave(at: 0)
        blue.instances[0].probed("GET /ready answered 200", by: rule, isReady: true, isOut: false, at: 0)
        #expect(try fixture.plan(request("POST", "/demo/chat/score"), body: "{}").deployment === blue)
    }

    @Test func `the chain is gone through in order, once`() throws {
        let first = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        let second = try #require(try move(first, .status(503)))
        #expect(second.deployment === green && second.fallback?.word == "status_503")
        #expect(blue.instances[0].load.inFlight == 0 && green.instances[0].load.inFlight == 1)
        let third = try #require(try move(second, .timedOut))
        #expect(third.deployment === local && third.fallback?.word == "timeout")
        #expect(!third.canFallBack)
        #expect(try move(third, .connectFailed) == nil)
    }

    @Test func `who should have answered is not asked again`() throws {
        fixture.publishChat([blue, green], weights: [0, 100], fallback: [blue, green])
        let first = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(first.deployment === green)
        let second = try #require(try move(first, .connectFailed))
        #expect(second.deployment === blue && !second.canFallBack)
    }

    @Test func `a pinned request stays where it is`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score", pinned: "blue"), body: "{}")
        #expect(!plan.canFallBack)
        #expect(try move(plan, .connectFailed) == nil)
        plan.leave(at: 0)
        fail(blue)
        #expect(try fixture.plan(request("POST", "/demo/chat/score", pinned: "blue"), body: "{}").deployment === blue)
    }

    @Test func `a deployment whose own quota is used up falls back, one whose endpoint's is does not`() throws {
        let usage = UsageRegistry()
        let admission = Admission(snapshots: fixture.snapshots, receipts: fixture.receipts, usage: usage)
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        let subject = UsageSubject.deployment(tenant: "demo", endpoint: "chat", deployment: "blue")
        let scarce = Deployment(
            name: "blue",
            isNative: false,
            instances: blue.instances,
            timeout: .seconds(5),
            usage: usage.scope(subject, rules)
        )
        fixture.publishChat([scarce, green], weights: [100, 0], fallback: [green])
        let now = Moment(uptime: 0, wall: 0)
        func plan() throws -> Plan {
            guard case .plan(let plan) = try admission.admit(request("POST", "/demo/chat/score"), at: now) else {
                throw Fixture.NoPlan()
            }
            return plan
        }
        let first = try plan()
        #expect(first.deployment === scarce)
        let second = try plan()
        #expect(second.deployment === green && second.fallback == .quota)
        let endpoint = usage.scope(.endpoint(tenant: "demo", endpoint: "chat"), rules)
        fixture.publishChat([scarce, green], weights: [100, 0], fallback: [green], usage: endpoint)
        first.permit?.settle(ActualUsage(isAnswered: false), at: now)
        let third = try plan()
        #expect(third.deployment === scarce)
        #expect(throws: Refusal.self) { try plan() }
    }

    @Test func `what cannot move keeps its place and its limits`() throws {
        let usage = UsageRegistry()
        let admission = Admission(snapshots: fixture.snapshots, receipts: fixture.receipts, usage: usage)
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        func counted(_ deployment: Deployment) -> (UsageSubject, Deployment) {
            let subject = UsageSubject.deployment(tenant: "demo", endpoint: "chat", deployment: deployment.name)
            let counted = Deployment(
                name: deployment.name,
                isNative: false,
                instances: deployment.instances,
                timeout: .seconds(5),
                usage: usage.scope(subject, rules)
            )
            return (subject, counted)
        }
        let (subject, first) = counted(blue)
        let (_, second) = counted(green)
        let now = Moment(uptime: 0, wall: 0)
        let head = request("POST", "/demo/chat/score")
        func plan() throws -> Plan {
            guard case .plan(let plan) = try admission.admit(head, at: now) else { throw Fixture.NoPlan() }
            return plan
        }
        fixture.publishChat([second], weights: [100])
        let other = try plan()
        fixture.publishChat([first, second], weights: [100, 0], fallback: [second])
        var held = try plan()
        #expect(admission.fallBack(&held, of: head, because: .status(503), at: now) == nil)
        #expect(usage.status(of: subject, at: now).map(\.used) == [1])
        #expect(blue.instances[0].load.inFlight == 1 && held.deployment === first)
        held.leave(at: 0)
        held.permit?.settle(ActualUsage(isAnswered: false), at: now)
        #expect(usage.status(of: subject, at: now).map(\.used) == [0] && blue.instances[0].load.inFlight == 0)
        other.leave(at: 0)
    }

    @Test func `when the trial's client leaves before an answer, the next request is a trial at once`() throws {
        let second: Int64 = 1_000_000_000
        func plan(_ time: Int64) throws -> Plan {
            let now = Moment(uptime: time, wall: 0)
            let head = request("POST", "/demo/chat/score")
            guard case .plan(let plan) = try fixture.admission.admit(head, fields: fields(of: "{}"), at: now)
            else { throw Fixture.NoPlan() }
            return plan
        }
        fixture.publishChat([green, local], weights: [100, 0], fallback: [local])
        fail(green)
        let trial = try plan(2 * second)
        #expect(trial.deployment === green)
        #expect(try plan(2 * second).deployment === local)
        trial.leave(begun: 2 * second, at: 3 * second)
        #expect(try plan(3 * second).deployment === green)
    }

    @Test func `what moves gives back what it held of the first deployment's limits`() throws {
        let usage = UsageRegistry()
        let admission = Admission(snapshots: fixture.snapshots, receipts: fixture.receipts, usage: usage)
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        let subject = UsageSubject.deployment(tenant: "demo", endpoint: "chat", deployment: "blue")
        let counted = Deployment(
            name: "blue",
            isNative: false,
            instances: blue.instances,
            timeout: .seconds(5),
            usage: usage.scope(subject, rules)
        )
        fixture.publishChat([counted, green], weights: [100, 0], fallback: [green])
        let now = Moment(uptime: 0, wall: 0)
        let head = request("POST", "/demo/chat/score")
        guard case .plan(var first) = try admission.admit(head, at: now) else { throw Fixture.NoPlan() }
        #expect(usage.status(of: subject, at: now).map(\.used) == [1])
        guard case .plan(let second) = admission.fallBack(&first, of: head, because: .timedOut, at: now) else {
            throw Fixture.NoPlan()
        }
        #expect(second.deployment === green && second.permit == nil)
        #expect(usage.status(of: subject, at: now).map(\.used) == [0])
    }
}
