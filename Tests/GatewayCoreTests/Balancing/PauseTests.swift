import GatewayCore
import Testing

/// Deployments whose instances have all asked for a pause.
@Suite struct PauseTests {
    private static let second: Int64 = 1_000_000_000

    private let fixture: Fixture
    private let pair: Deployment

    init() throws {
        fixture = try Fixture()
        // Requests wait for half a second.
        pair = try fixture.deployment("pair", ["http://pair:1", "http://pair:2"])
        fixture.publishChat([pair], weights: [100])
    }

    private func admit(at now: Int64) throws(Refusal) -> Decision {
        let moment = Moment(uptime: now, wall: 0)
        return try fixture.admission.admit(request("POST", "/demo/chat/score"), fields: nil, token: nil, at: moment)
    }

    private func pauses(_ seconds: [Int64]) {
        for (instance, pause) in zip(pair.instances, seconds) { instance.pause(seconds: pause, at: 0) }
    }

    @Test func `the caller hears what is left of the pause that ends first`() throws {
        pauses([10, 3])
        #expect(throws: Refusal.paused(deployment: "pair", seconds: 3, milliseconds: 500)) {
            try admit(at: Self.second / 2)
        }
        #expect(pair.instances.allSatisfy { $0.load.inFlight == 0 })
    }

    @Test func `a pause that is over in time is waited for, then the instance is asked`() throws {
        pauses([10, 3])
        guard case .queue(let plan) = try admit(at: 3 * Self.second - Self.second / 4) else { throw Fixture.NoPlan() }
        plan.leave(at: 3 * Self.second)
        guard case .plan(let next) = try admit(at: 3 * Self.second) else { throw Fixture.NoPlan() }
        #expect(next.instance === pair.instances[1])
        next.leave(at: 3 * Self.second)
    }

    @Test func `one that is out for another reason is tried as the last, but none that wants to be left alone`() throws
    {
        pauses([30])
        for _ in 0..<5 { pair.instances[1].failed(.unreachable, begun: 1, at: 1) }
        for _ in 0..<3 {
            guard case .plan(let plan) = try admit(at: 2) else { throw Fixture.NoPlan() }
            #expect(plan.instance === pair.instances[1])
            plan.leave(at: 2)
        }
    }

    @Test func `a fallback answers at once`() throws {
        let green = try fixture.deployment("green", ["http://green:1"])
        fixture.publishChat([pair, green], weights: [100, 0], fallback: [green])
        pauses([30, 30])
        guard case .plan(let plan) = try admit(at: 1) else { throw Fixture.NoPlan() }
        #expect(plan.deployment === green)
        plan.leave(at: 1)
    }

    @Test func `a worker's supervisor knows better when it is ready`() throws {
        let local = try fixture.deployment("local", ["unix:/w.sock"], isNative: true)
        fixture.publishChat([local], weights: [100])
        local.instances[0].pause(seconds: 30, at: 0)
        let head = request("POST", "/demo/chat/score")
        let moment = Moment(uptime: 1, wall: 0)
        // A worker is asked for a chat: the body is read.
        guard case .plan(let plan) = try fixture.admission.admit(head, fields: fields(of: "{}"), at: moment)
        else { throw Fixture.NoPlan() }
        plan.leave(at: 1)
    }
}
