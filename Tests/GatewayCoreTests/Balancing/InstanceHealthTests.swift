import GatewayCore
import Testing

@Suite struct InstanceHealthTests {
    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 1_000 * second

    /// What happens to an instance, each event at its own second.
    private enum Event {
        case fails(InstanceHealth.Failure, begun: Double? = nil, after: Int = 0)
        case succeeds(begun: Double? = nil)
        case asks
        case pauses(Int64)
        case probe(isOut: Bool)
        case ends(begun: Double)
    }

    private func at(_ seconds: Double) -> Int64 { Self.start + Int64(seconds * Double(Self.second)) }

    /// Plays the events; `asks` gives one answer each.
    private func play(_ health: inout InstanceHealth, _ events: [(Double, Event)]) -> [Bool] {
        events.compactMap { time, event in
            switch event {
            case .fails(let failure, let begun, let successes):
                health.failed(failure, begun: at(begun ?? time), successes: successes, at: at(time))
            case .succeeds(let begun): _ = health.succeeded(begun: at(begun ?? time), at: at(time))
            case .asks: return health.admit(at: at(time))
            case .pauses(let seconds): health.pause(for: seconds * Self.second, at: at(time))
            case .probe(let isOut): _ = health.probed(isOut: isOut)
            case .ends(let begun): health.endedUnjudged(begun: at(begun), at: at(time))
            }
            return nil
        }
    }

    @Test(arguments: [InstanceHealth.Failure.unreachable, .timedOut])
    func `five failures in a row open the circuit for a second, then one request tries`(
        failure: InstanceHealth.Failure
    ) {
        var health = InstanceHealth()
        #expect(play(&health, (0..<4).map { (Double($0) / 10, .fails(failure)) } + [(0.4, .asks)]) == [true])
        let answers = play(&health, [(0.5, .fails(failure)), (0.6, .asks), (1.4, .asks), (1.5, .asks), (1.5, .asks)])
        #expect(answers == [false, false, true, false])
    }

    @Test func `a trial that ends without a verdict makes room for the next`() {
        var health = InstanceHealth()
        _ = play(&health, (0..<5).map { _ in (0, .fails(.timedOut)) })
        #expect(play(&health, [(1, .asks), (1.1, .ends(begun: -1)), (1.1, .asks)]) == [true, false])
        #expect(play(&health, [(1.2, .ends(begun: 1)), (1.2, .asks), (1.2, .asks)]) == [true, false])
        #expect(play(&health, [(1.3, .succeeds(begun: 1.2)), (1.3, .ends(begun: 1.2)), (1.3, .asks)]) == [true])
    }

    @Test func `a success between failures begins the row anew`() {
        var health = InstanceHealth()
        for round in 0..<20 {
            let answers = play(
                &health,
                [
                    (Double(round) * 11, .fails(.timedOut)), (Double(round) * 11 + 0.1, .succeeds()),
                    (Double(round) * 11 + 0.2, .asks),
                ]
            )
            #expect(answers == [true])
        }
    }

    @Test func `successes that nobody told of one by one count as well`() {
        var health = InstanceHealth()
        let events = (0..<30).map { (Double($0) * 0.1, Event.fails(.timedOut, after: 9)) }
        #expect(play(&health, events + [(3, .asks)]) == [true])
    }

    @Test func `half of the answers failing opens the circuit, a tenth does not`() {
        var half = InstanceHealth()
        #expect(
            play(&half, (0..<10).map { (Double($0) / 10, .fails(.serverError, after: 1)) } + [(1, .asks)]) == [false]
        )
        var tenth = InstanceHealth()
        #expect(
            play(&tenth, (0..<10).map { (Double($0) / 10, .fails(.serverError, after: 9)) } + [(1, .asks)]) == [true]
        )
    }

    @Test func `few failing answers prove nothing, and neither do old ones`() {
        var health = InstanceHealth()
        #expect(play(&health, (0..<9).map { (Double($0) / 10, .fails(.serverError)) } + [(1, .asks)]) == [true])
        #expect(play(&health, (0..<9).map { (12 + Double($0) / 10, .fails(.serverError)) } + [(13, .asks)]) == [true])
    }

    @Test func `what succeeded long before does not hide that all fails now`() {
        var health = InstanceHealth()
        let events =
            [(0.0, Event.fails(.serverError, after: 1_000_000))]
            + (1..<10).map { (Double($0) / 10, .fails(.serverError)) }
        #expect(play(&health, events + [(1, .asks)]) == [false])
    }

    @Test func `what began before the circuit opened decides nothing`() {
        var health = InstanceHealth()
        _ = play(&health, (0..<5).map { (Double($0) / 10, .fails(.timedOut)) })
        #expect(play(&health, [(0.5, .succeeds(begun: 0.3)), (0.6, .asks)]) == [false])
        #expect(
            play(
                &health,
                [(1.5, .asks), (1.6, .fails(.timedOut, begun: 0.3)), (1.7, .succeeds(begun: 1.5)), (1.8, .asks)]
            ) == [true, true]
        )
    }

    @Test func `each trial that fails doubles the time, up to 4 s while nobody can be reached and 30 s else`() {
        for (failure, times) in [
            (InstanceHealth.Failure.unreachable, [1, 2, 4, 4, 4]), (.timedOut, [1, 2, 4, 8, 16, 30, 30]),
        ] {
            var health = InstanceHealth()
            _ = play(&health, (0..<5).map { _ in (0, .fails(failure)) })
            var time = 0.0
            for wait in times {
                #expect(
                    play(&health, [(time + Double(wait) - 0.1, .asks), (time + Double(wait), .asks)]) == [false, true]
                )
                time += Double(wait)
                _ = play(&health, [(time, .fails(failure))])
            }
        }
    }

    @Test func `a trial that succeeds closes the circuit`() {
        var health = InstanceHealth()
        _ = play(&health, (0..<5).map { _ in (0, .fails(.unreachable)) })
        #expect(health.reason(at: at(0.5)) == "it could not be reached")
        #expect(
            play(&health, [(1, .asks), (1.1, .succeeds(begun: 1)), (1.2, .asks), (1.2, .asks)]) == [true, true, true]
        )
        #expect(health.availableAt == 0)
        #expect(health.reason(at: at(1.2)) == nil)
        #expect(!health.isDoubtful)
    }

    @Test func `a trial that nobody reports on is followed by another`() {
        var health = InstanceHealth()
        _ = play(&health, (0..<5).map { _ in (0, .fails(.unreachable)) })
        #expect(play(&health, [(1, .asks), (10.9, .asks), (11, .asks)]) == [true, false, true])
    }

    @Test func `Retry-After is honoured, for a minute at most`() {
        var health = InstanceHealth()
        #expect(play(&health, [(0, .pauses(5)), (4.9, .asks), (5, .asks), (5, .asks)]) == [false, true, true])
        #expect(play(&health, [(10, .pauses(86_400)), (69, .asks), (70, .asks)]) == [false, true])
        #expect(play(&health, [(80, .pauses(-7)), (80, .asks)]) == [true])
    }

    @Test func `a failed probe keeps it out until one succeeds, whatever requests say`() {
        var health = InstanceHealth()
        #expect(play(&health, [(0, .probe(isOut: true)), (1, .succeeds()), (900, .asks)]) == [false])
        #expect(health.reason(at: at(900)) == "its probe fails")
        #expect(play(&health, [(901, .probe(isOut: false)), (901, .asks)]) == [true])
    }
}
