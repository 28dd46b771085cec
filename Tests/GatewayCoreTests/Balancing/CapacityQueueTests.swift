import GatewayCore
import Synchronization
import Testing

/// Places at instances, and who waits for one.
@Suite struct CapacityQueueTests {
    private let fixture: Fixture
    /// One instance, one request at once.
    private let narrow: Deployment

    init() throws {
        fixture = try Fixture()
        narrow = try fixture.deployment("narrow", ["http://narrow:1"], limit: 1)
        fixture.publishChat([narrow], weights: [100])
    }

    /// Who was woken, in order.
    private final class Woken: Sendable {
        private let entries = Mutex<[(name: String, instance: Instance?)]>([])

        var names: [String] { entries.withLock { $0.map(\.name) } }
        var instances: [Instance?] { entries.withLock { $0.map(\.instance) } }

        func waiter(_ name: String, _ plan: Plan) -> Waiter {
            Waiter(plan) { outcome in
                var instance: Instance?
                if case .seated(let found) = outcome { instance = found }
                self.entries.withLock { [instance] in $0.append((name, instance)) }
            }
        }
    }

    /// How many were served, and the most at one instance at once.
    private final class Tally: Sendable {
        private let counts = Mutex((served: 0, most: 0))

        var served: Int { counts.withLock { $0.served } }
        var most: Int { counts.withLock { $0.most } }

        func served(besides running: Int) {
            counts.withLock { $0 = ($0.served + 1, max($0.most, running)) }
        }
    }

    private func decide() throws -> Decision { try fixture.admission.admit(request("POST", "/demo/chat/score")) }

    private func plan() throws -> Plan {
        guard case .plan(let plan) = try decide() else { throw Fixture.NoPlan() }
        return plan
    }

    private func waiting() throws -> Plan {
        guard case .queue(let plan) = try decide() else { throw Fixture.NoPlan() }
        return plan
    }

    @Test func `a request has a place until it leaves it, and leaves it once`() throws {
        let first = try plan()
        let load = narrow.instances[0].load
        #expect(load.inFlight == 1)
        first.leave(at: 1)
        first.leave(at: 2)
        #expect(load.inFlight == 0)
    }

    @Test func `a plan that is thrown away gives its place back`() throws {
        for _ in 0..<3 { _ = try plan() }
        #expect(narrow.instances[0].load.inFlight == 0)
    }

    @Test func `what finds no place waits for it, and gets it`() throws {
        let woken = Woken()
        let first = try plan()
        let second = try waiting()
        #expect(second.deployment === narrow)
        #expect(narrow.queue.enter(woken.waiter("second", second), at: 0))
        #expect(woken.names.isEmpty && narrow.queue.waiting == 1)
        first.leave(at: 1)
        #expect(woken.names == ["second"] && woken.instances.first.flatMap { $0 } === narrow.instances[0])
        #expect(narrow.instances[0].load.inFlight == 1 && narrow.queue.isEmpty)
        let seated = second.seated(at: narrow.instances[0])
        seated.leave(at: 2)
        #expect(narrow.instances[0].load.inFlight == 0)
    }

    @Test func `a place that was given back before the wait began is not missed`() throws {
        let woken = Woken()
        let first = try plan()
        let second = try waiting()
        first.leave(at: 1)
        #expect(narrow.queue.enter(woken.waiter("second", second), at: 1))
        #expect(woken.names == ["second"])
    }

    @Test func `nobody overtakes those who wait`() throws {
        let woken = Woken()
        let wide = try fixture.deployment("wide", ["http://narrow:1"], limit: 2)
        // Both deployments have the same addresses, and with them one queue.
        #expect(fixture.registry.queue(for: wide.instances) === fixture.registry.queue(for: narrow.instances))
        let first = try plan()
        let second = try waiting()
        #expect(narrow.queue.enter(woken.waiter("second", second), at: 0))
        first.leave(at: nil)
        let third = try waiting()
        #expect(narrow.queue.enter(woken.waiter("third", third), at: 2))
        #expect(woken.names == ["second"])
    }

    @Test func `who leaves the queue is not woken any more`() throws {
        let woken = Woken()
        let first = try plan()
        let waiter = woken.waiter("second", try waiting())
        #expect(narrow.queue.enter(waiter, at: 0))
        #expect(narrow.queue.leave(waiter))
        #expect(!narrow.queue.leave(waiter))
        first.leave(at: 1)
        #expect(woken.names.isEmpty && narrow.queue.isEmpty && narrow.instances[0].load.inFlight == 0)
    }

    @Test func `a full queue refuses, or puts out the last of who has most`() throws {
        let woken = Woken()
        let first = try plan()
        for number in 0..<CapacityQueue.bound {
            #expect(narrow.queue.enter(woken.waiter("\(number)", try waiting()), at: 0))
        }
        #expect(!narrow.queue.enter(woken.waiter("late", try waiting()), at: 0))
        #expect(narrow.queue.waiting == CapacityQueue.bound)
        let other = try fixture.waitingPlan(tenant: "other", narrow)
        #expect(narrow.queue.enter(woken.waiter("other", other), at: 0))
        #expect(woken.names == ["\(CapacityQueue.bound - 1)"] && woken.instances.allSatisfy { $0 == nil })
        first.leave(at: 1)
        #expect(woken.names.last == "other")
    }

    @Test(arguments: [(3, 1), (1, 3)])
    func `a tenant and a key of weight 3 have three places for every one of weight 1`(tenant: Int, caller: Int) throws {
        let woken = Woken()
        var place = try plan()
        for _ in 0..<12 {
            let light = try fixture.waitingPlan(tenant: "other", narrow)
            #expect(narrow.queue.enter(woken.waiter("light", light), at: 0))
            // The one is another tenant, the other another key of the same tenant.
            let heavy = try fixture.waitingPlan(
                tenant: tenant > 1 ? "heavy" : "other",
                narrow,
                tenantWeight: tenant,
                key: "app",
                keyWeight: caller
            )
            #expect(narrow.queue.enter(woken.waiter("heavy", heavy), at: 0))
        }
        for _ in 0..<16 {
            place.leave(at: 1)
            place = place.seated(at: narrow.instances[0])
        }
        #expect(woken.names.count { $0 == "heavy" } == 12 && woken.names.count == 16)
    }

    @Test func `an instance that is out wakes nobody`() throws {
        let woken = Woken()
        let pair = try fixture.deployment("pair", ["http://pair:1", "http://pair:2"], limit: 1)
        fixture.publishChat([pair], weights: [100])
        let plans = [try plan(), try plan()]
        #expect(Set(plans.map(\.instance.url)).count == 2)
        let waiter = woken.waiter("next", try waiting())
        #expect(pair.queue.enter(waiter, at: 0))
        plans[0].instance.pause(seconds: 10, at: 0)
        plans[0].leave(at: 1)
        #expect(woken.names.isEmpty)
        plans[1].leave(at: 1)
        #expect(woken.names == ["next"] && woken.instances.first.flatMap { $0 } === plans[1].instance)
    }

    @Test func `a pause that is over is found by the next look, without any other request`() throws {
        let woken = Woken()
        let pair = try fixture.deployment("pair", ["http://pair:1", "http://pair:2"], limit: 1)
        fixture.publishChat([pair], weights: [100])
        let plans = [try plan(), try plan()]
        plans[0].instance.pause(seconds: 1, at: 0)
        plans[0].leave(at: 1)
        #expect(pair.queue.enter(woken.waiter("next", try waiting()), at: 1))
        pair.queue.review(at: 500_000_000)
        #expect(woken.names.isEmpty)
        pair.queue.review(at: 1_500_000_000)
        #expect(woken.names == ["next"] && woken.instances.first.flatMap { $0 } === plans[0].instance)
    }

    @Test func `when the last instance goes out, those who wait for it are let go to another that can answer`() throws {
        let woken = Woken()
        let green = try fixture.deployment("green", ["http://green:1"])
        fixture.publishChat([narrow, green], weights: [100, 0], fallback: [green])
        let first = try plan()
        #expect(narrow.queue.enter(woken.waiter("second", try waiting()), at: 0))
        narrow.queue.review(at: 1)
        #expect(woken.names.isEmpty)
        for instance in narrow.instances { instance.pause(seconds: 30, at: 1) }
        green.instances[0].pause(seconds: 1, at: 1)
        narrow.queue.review(at: 2)
        #expect(woken.names.isEmpty)
        narrow.queue.review(at: 1_500_000_000)
        #expect(woken.names == ["second"] && woken.instances.allSatisfy { $0 == nil } && narrow.queue.isEmpty)
        first.leave(at: 3)
    }

    @Test func `queues that share an address take turns at its places`() throws {
        let woken = Woken()
        let wide = try fixture.deployment("wide", ["http://narrow:1", "http://narrow:2"], limit: 1)
        wide.instances[1].pause(seconds: 30, at: 0)
        var place = try plan()
        let waiting = (0..<6).map { number -> (Deployment, String) in (number < 3 ? narrow : wide, "\(number)") }
        for (deployment, name) in waiting {
            let tenant = deployment === narrow ? "one" : "two"
            let plan = try fixture.waitingPlan(tenant: tenant, deployment)
            #expect(deployment.queue.enter(woken.waiter(name, plan), at: 1))
        }
        for _ in 0..<4 {
            place.leave(at: 2)
            place = place.seated(at: narrow.instances[0])
        }
        #expect(woken.names.count { Int($0) ?? 0 < 3 } == 2)
    }

    @Test func `under eight threads no place is taken twice and none is lost`() async throws {
        let pair = try fixture.deployment("pair", ["http://pair:1", "http://pair:2"], limit: 3)
        fixture.publishChat([pair], weights: [100])
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        guard let decision = try? self.decide() else { continue }
                        let plan: Plan
                        switch decision {
                        case .plan(let found): plan = found
                        case .queue(let waiting):
                            let instance: Instance? = await withCheckedContinuation { continuation in
                                let waiter = Waiter(waiting) { outcome in
                                    guard case .seated(let instance) = outcome else { return }
                                    continuation.resume(returning: instance)
                                }
                                if !pair.queue.enter(waiter, at: 0) { continuation.resume(returning: nil) }
                            }
                            guard let instance else { continue }
                            plan = waiting.seated(at: instance)
                        default: continue
                        }
                        tally.served(besides: plan.instance.load.inFlight)
                        await Task.yield()
                        plan.leave(at: 0)
                    }
                }
            }
        }
        #expect(tally.served == 4000)
        #expect(tally.most <= 3)
        #expect(pair.instances.map(\.load.inFlight) == [0, 0] && pair.queue.isEmpty)
    }
}

extension Fixture {
    /// A plan of another tenant that waits for the same deployment.
    func waitingPlan(
        tenant: String,
        _ deployment: Deployment,
        tenantWeight: Int = 1,
        key: String = "other",
        keyWeight: Int = 1
    ) throws -> Plan {
        let endpoint = Endpoint(
            tenant: tenant,
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: [deployment],
            split: TrafficSplit(weights: [100])
        )
        let snapshots = SnapshotBox(
            Snapshot(
                domain: nil,
                tenants: [Tenant(name: tenant, endpoints: [endpoint], queueWeight: tenantWeight)],
                keyring: Keyring([
                    KeyDigest(of: Self.otherKey): Caller(
                        tenant: tenant,
                        label: "\(tenant)#\(key)",
                        endpoints: ["chat"],
                        queueWeight: keyWeight
                    )
                ])
            )
        )
        let admission = Admission(snapshots: snapshots, receipts: receipts)
        guard case .queue(let plan) = try admission.admit(request("POST", "/\(tenant)/chat/score", key: Self.otherKey))
        else { throw NoPlan() }
        return plan
    }
}
