import GatewayCore
import Synchronization
import Testing

/// Workers that have requests of their own and answer in others' place too.
@Suite struct FallbackRoomTests {
    private let fixture: Fixture
    private let blue: Deployment
    private let local: Deployment

    init() throws {
        fixture = try Fixture()
        blue = try fixture.deployment("blue", ["http://blue:1"])
        local = try fixture.deployment("local", ["unix:/run/w.sock"], isNative: true, limit: 4)
        for _ in 0..<InstanceHealth.failuresInRow { blue.instances[0].failed(.unreachable, begun: 0, at: 0) }
    }

    private func publish(weights: [Int]) {
        fixture.publishChat([blue, local], weights: weights, fallback: [local])
    }

    /// A request of either deployment; it is told by the plan's `fallback` whose it is.
    private func admit() throws -> Decision {
        try fixture.admission.admit(request("POST", "/demo/chat/score"), fields: fields(of: "{}"))
    }

    private func own() throws -> Decision {
        try fixture.admission.admit(request("POST", "/demo/chat/score", pinned: "local"), fields: fields(of: "{}"))
    }

    @Test func `what falls back to a worker leaves a quarter of its places to its own requests`() throws {
        publish(weights: [99, 1])
        var guests: [Plan] = []
        var waiting: [Plan] = []
        while waiting.isEmpty {
            switch try admit() {
            case .plan(let plan): guests.append(plan)
            case .queue(let plan): waiting.append(plan)
            default: throw Fixture.NoPlan()
            }
        }
        #expect(guests.count == 3 && guests.allSatisfy { $0.deployment === local && $0.fallback == .noHealthyInstance })
        let seated = Mutex(false)
        #expect(local.queue.enter(Waiter(waiting[0]) { _ in seated.withLock { $0 = true } }, at: 0))
        #expect(!seated.withLock { $0 })
        // One that waits, of the same caller, keeps no own request waiting.
        guard case .queue(let plan) = try own() else { throw Fixture.NoPlan() }
        let ownSeated = Mutex(false)
        #expect(local.queue.enter(Waiter(plan) { _ in ownSeated.withLock { $0 = true } }, at: 0))
        #expect(ownSeated.withLock { $0 } && !seated.withLock { $0 })
        guests[0].leave(at: 0)
        #expect(!seated.withLock { $0 })
        guests[1].leave(at: 0)
        #expect(seated.withLock { $0 })
    }

    @Test func `a worker without traffic of its own is all theirs`() throws {
        publish(weights: [100, 0])
        let plans = try (0..<4).map { _ in
            guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
            return plan
        }
        #expect(plans.allSatisfy { $0.deployment === local })
        guard case .queue = try admit() else { throw Fixture.NoPlan() }
    }
}
