import Testing

@testable import GatewayCore
@testable import GatewayProxy

/// When an instance's outages are told.
@Suite struct AlarmTrackTests {
    private static let second: Int64 = 1_000_000_000
    private static let dead = AlarmTrack.Finding.ejected(.livenessProbe, "GET /live answered 500")
    private static let open = AlarmTrack.Finding.ejected(.circuitBreaker, "it could not be reached")

    private static func ejected(since: Int64) -> AlarmTrack.News {
        .ejected(.livenessProbe, "GET /live answered 500", since: since * second)
    }

    private static func returned(since: Int64) -> AlarmTrack.News {
        .returned(from: .livenessProbe, since: since * second)
    }

    /// - Returns: what is told, each with its second.
    private func play(_ script: [(Int64, AlarmTrack.Finding)]) -> [(Int64, AlarmTrack.News)] {
        var track = AlarmTrack()
        return script.compactMap { second, finding in
            track.follow(finding, at: second * Self.second).map { (second, $0) }
        }
    }

    private func expect(_ script: [(Int64, AlarmTrack.Finding)], tells expected: [(Int64, AlarmTrack.News)]) {
        let told = play(script)
        #expect(told.map(\.0) == expected.map(\.0) && told.map(\.1) == expected.map(\.1), "\(told)")
    }

    @Test func `an outage is told once, and its end once`() {
        expect(
            [(0, .inUse), (1, Self.dead), (2, Self.dead), (300, Self.dead), (301, .inUse), (302, .inUse)],
            tells: [(1, Self.ejected(since: 1)), (301, Self.returned(since: 301))]
        )
    }

    @Test func `one that flaps is told once a minute of each kind, and in the end as it is`() {
        let flapping = (0..<600).map { (Int64($0), $0.isMultiple(of: 2) ? Self.dead : .inUse) }
        for (_, times) in Dictionary(grouping: play(flapping), by: { "\($0.1)".prefix(4) }) {
            #expect(times.count == 10)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1.0 - $0.0 >= 60 })
        }
        expect(
            [
                (0, Self.dead), (2, .inUse), (4, Self.dead), (59, Self.dead), (60, Self.dead), (61, .inUse),
                (62, .inUse),
            ],
            tells: [
                (0, Self.ejected(since: 0)), (2, Self.returned(since: 2)), (60, Self.ejected(since: 4)),
                (62, Self.returned(since: 61)),
            ]
        )
    }

    @Test func `an outage that is over before its minute is not told`() {
        expect(
            [(0, Self.dead), (2, .inUse), (4, Self.dead), (6, .inUse), (100, .inUse)],
            tells: [(0, Self.ejected(since: 0)), (2, Self.returned(since: 2))]
        )
    }

    @Test func `what rests is neither out nor back`() {
        expect([(0, .resting), (1, .inUse)], tells: [])
        expect(
            [(0, Self.dead), (1, .resting), (90, .resting), (100, .inUse)],
            tells: [(0, Self.ejected(since: 0)), (100, Self.returned(since: 100))]
        )
    }

    @Test func `one whose requests failed and then its probe is told twice, and no other way round`() {
        expect(
            [(0, Self.open), (30, Self.dead), (60, Self.dead), (70, Self.open), (200, Self.dead), (201, .inUse)],
            tells: [
                (0, .ejected(.circuitBreaker, "it could not be reached", since: 0)), (60, Self.ejected(since: 0)),
                (201, Self.returned(since: 201)),
            ]
        )
    }
}

/// Which instances raise alarms, and what these say.
@Suite struct AlarmBookTests {
    private static let second: Int64 = 1_000_000_000
    private static let yes = Prober.Answer(isSuccess: true, sentence: "GET /live answered 200")
    private static let no = Prober.Answer(isSuccess: false, sentence: "GET /live answered 500")

    private let instance: Instance
    private let book = ProbeBook()

    init() throws {
        let address = try InstanceAddress.parse("http://a:1/base").get()
        instance = InstanceRegistry().instance(at: address, isReady: false, isUsable: true)
    }

    private func snapshot(isNative: Bool = false, isThere: Bool = true) -> Snapshot {
        let quick = ProbeSettings(initialDelay: 0, period: 1, failureThreshold: 1)
        let blue = Deployment(
            name: "blue",
            isNative: isNative,
            instances: [instance],
            timeout: .seconds(1),
            probes: ProbeRule(liveness: quick, readiness: quick)
        )
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: isThere ? [blue] : [],
            split: TrafficSplit(weights: isThere ? [100] : [])
        )
        return Snapshot(domain: nil, tenants: [Tenant(name: "demo", endpoints: [chat])], keyring: Keyring([:]))
    }

    /// Answers what is due.
    private func probe(_ snapshot: Snapshot, _ answers: [InstanceProbes.Kind: Prober.Answer], at second: Int64) {
        for (target, kind) in book.takeDue(in: snapshot, at: second * Self.second) {
            _ = book.answered(target, kind, answers[kind] ?? Self.yes, at: second * Self.second)
        }
    }

    private func alarms(at second: Int64) -> [InstanceAlarm] { book.alarms(at: second * Self.second) }

    private func alarm(isBack: Bool, _ cause: InstanceAlarm.Cause, _ detail: String) -> InstanceAlarm {
        InstanceAlarm(
            ("demo", "chat", "blue"),
            instance: "http://a:1/base",
            isBack: isBack,
            cause: cause,
            detail: detail,
            age: 0
        )
    }

    @Test func `a failed liveness is told with the probe's answer, and its return too`() {
        let snapshot = snapshot()
        probe(snapshot, [.liveness: Self.no], at: 0)
        #expect(alarms(at: 0) == [alarm(isBack: false, .livenessProbe, "GET /live answered 500")])
        #expect(alarms(at: 1).isEmpty)
        probe(snapshot, [:], at: 2)
        #expect(alarms(at: 2) == [alarm(isBack: true, .livenessProbe, "GET /live answered 200")])
    }

    @Test func `a failed readiness and a pause are no alarm`() {
        let snapshot = snapshot()
        probe(snapshot, [:], at: 0)
        probe(snapshot, [.readiness: Self.no], at: 1)
        #expect(instance.outage(at: Self.second) == "its probe fails" && alarms(at: 1).isEmpty)
        probe(snapshot, [:], at: 2)
        instance.pause(seconds: 30, at: 2 * Self.second)
        #expect(instance.outage(at: 3 * Self.second) != nil && alarms(at: 3).isEmpty)
    }

    @Test func `a circuit that opens is told with what became of the requests`() {
        _ = book.takeDue(in: snapshot(), at: 0)
        for _ in 0..<5 { instance.failed(.unreachable, begun: 1, at: Self.second) }
        #expect(alarms(at: 1) == [alarm(isBack: false, .circuitBreaker, "it could not be reached")])
        #expect(instance.beginTrial(at: 10 * Self.second) && alarms(at: 10).isEmpty)
        instance.answered(status: 200, begun: 10 * Self.second, at: 11 * Self.second)
        #expect(alarms(at: 11) == [alarm(isBack: true, .circuitBreaker, "it takes requests again")])
    }

    @Test func `an instance that is gone is told no more of, and one that comes again begins anew`() {
        probe(snapshot(), [.liveness: Self.no], at: 0)
        #expect(alarms(at: 0).count == 1)
        #expect(book.takeDue(in: snapshot(isThere: false), at: Self.second).isEmpty && alarms(at: 1).isEmpty)
        probe(snapshot(), [.liveness: Self.no], at: 2)
        #expect(alarms(at: 2).map(\.isBack) == [false])
    }

    @Test func `a worker raises none: its supervisor starts another`() {
        instance.markReady(true)
        probe(snapshot(isNative: true), [.liveness: Self.no], at: 0)
        for _ in 0..<5 { instance.failed(.unreachable, begun: 1, at: Self.second) }
        #expect(alarms(at: 1).isEmpty)
    }
}
