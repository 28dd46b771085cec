import Curl
import GatewayCore
import Testing

@testable import GatewayProxy

/// When an instance is probed, and what its answers in a row mean.
@Suite struct ProbeTests {
    private static let second: Int64 = 1_000_000_000

    private func settings(delay: Int = 0, period: Int = 10, successes: Int = 1, failures: Int = 3) -> ProbeSettings {
        ProbeSettings(
            initialDelay: delay,
            period: period,
            timeout: 2,
            successThreshold: successes,
            failureThreshold: failures
        )
    }

    /// Asks whenever it is due, from second 0 on.
    ///
    /// - Returns: the seconds at which it was asked.
    private func play(_ track: inout ProbeTrack, _ answers: [Bool]) -> [Int64] {
        answers.map { answer in
            let now = track.due
            track.answered(answer, at: now)
            return now / Self.second
        }
    }

    @Test func `it is asked at once and every second until it succeeds, then by its period`() {
        var track = ProbeTrack(settings(), at: 0)
        #expect(play(&track, [false, false, false, true, true, false, true]) == [0, 1, 2, 3, 13, 23, 33])
    }

    @Test func `a period below a second apart is not hurried any more`() {
        var track = ProbeTrack(settings(period: 1), at: 0)
        #expect(play(&track, [false, true, true]) == [0, 1, 2])
    }

    @Test func `a track that has failed is asked every second until it succeeds`() {
        var track = ProbeTrack(settings(successes: 2, failures: 2), at: 0)
        let asked = play(&track, [true, true, false, false, false, true, false, true, true, true])
        #expect(asked == [0, 1, 11, 21, 22, 23, 24, 25, 26, 36])
    }

    @Test func `so many failures in a row take it out, and so many successes put it back`() {
        var track = ProbeTrack(settings(successes: 2, failures: 3), at: 0)
        _ = play(&track, [true])
        #expect(!track.hasPassed)
        _ = play(&track, [true, false, false])
        #expect(track.hasPassed && !track.hasFailed)
        _ = play(&track, [true, false, false])
        #expect(!track.hasFailed)
        _ = play(&track, [false])
        #expect(track.hasFailed)
        _ = play(&track, [true])
        #expect(track.hasFailed)
        _ = play(&track, [true])
        #expect(!track.hasFailed)
    }

    @Test func `failures that come faster than the period count once`() {
        var track = ProbeTrack(settings(failures: 3), at: 0)
        let asked = play(&track, Array(repeating: false, count: 10))
        #expect(asked.last == 9 && !track.hasFailed)
        _ = play(&track, [false])
        #expect(track.hasFailed)
    }

    @Test func `failures within the initial delay do not count`() {
        var track = ProbeTrack(settings(delay: 10, period: 1, failures: 2), at: 0)
        _ = play(&track, Array(repeating: false, count: 11))
        #expect(!track.hasFailed)
        _ = play(&track, [false])
        #expect(track.hasFailed)
    }

    private func probes(liveness: ProbeSettings? = nil, readiness: ProbeSettings? = nil) -> InstanceProbes {
        let rule = ProbeRule(liveness: liveness ?? settings(), readiness: readiness ?? settings())
        return InstanceProbes(rule, at: 0)
    }

    @Test func `an instance is ready with its first answer, and in use before`() {
        var probes = probes()
        #expect(!probes.isReady && !probes.isOut)
        for round in 0..<5 {
            #expect(probes.answered(.readiness, false, at: Int64(round) * 10 * Self.second) == nil)
        }
        #expect(!probes.isReady && !probes.isOut)
        #expect(probes.answered(.readiness, true, at: 60 * Self.second) == .ready)
        #expect(probes.isReady)
    }

    @Test func `readiness that fails later takes it out of use`() {
        var probes = probes()
        _ = probes.answered(.readiness, true, at: 0)
        let changes = (1...3).map { probes.answered(.readiness, false, at: Int64($0) * 10 * Self.second) }
        #expect(changes == [nil, nil, .notReady])
        #expect(!probes.isReady && probes.isOut)
        #expect(probes.answered(.readiness, true, at: 40 * Self.second) == .back)
    }

    @Test func `liveness that fails is an alarm, and a success puts it back`() {
        var probes = probes()
        _ = probes.answered(.readiness, true, at: 0)
        let changes = (1...3).map { probes.answered(.liveness, false, at: Int64($0) * 10 * Self.second) }
        #expect(changes == [nil, nil, .dead])
        #expect(!probes.isReady)
        #expect(probes.answered(.readiness, true, at: 35 * Self.second) == nil)
        #expect(probes.answered(.liveness, true, at: 40 * Self.second) == .back)
        #expect(probes.isReady)
    }

    @Test func `what is told is the answer that decides`() {
        var probes = probes()
        #expect(probes.lastAnswer == nil)
        probes.note("a connect succeeded", of: .liveness)
        #expect(probes.lastAnswer == "liveness: a connect succeeded")
        _ = probes.answered(.readiness, false, at: 0)
        probes.note("GET /ready answered 503", of: .readiness)
        probes.note("a connect succeeded", of: .liveness)
        #expect(probes.lastAnswer == "readiness: GET /ready answered 503")
        for time in 1...3 { _ = probes.answered(.liveness, false, at: Int64(time) * 10 * Self.second) }
        probes.note("a connect failed: refused", of: .liveness)
        #expect(probes.lastAnswer == "liveness: a connect failed: refused")
    }

    @Test func `each probe runs once at a time`() {
        var probes = probes()
        #expect([probes.takeDue(at: 0), probes.takeDue(at: 0), probes.takeDue(at: 0)] == [.readiness, .liveness, nil])
        _ = probes.answered(.liveness, true, at: 1)
        #expect(probes.takeDue(at: 5 * Self.second) == nil)
        #expect(probes.takeDue(at: 11 * Self.second) == .liveness)
    }

    @Test(arguments: [
        ("http://models.example:1", "/ready", false), ("https://models.example:1", "/ready", true),
        ("http://models.example:1", nil, false), ("https://models.example:1", nil, true),
    ])
    func `a probe goes the way of the requests, through a proxy only where they do, and nowhere else`(
        url: String,
        route: String?,
        allowsProxy: Bool
    ) throws {
        var address = try InstanceAddress.parse(url).get()
        func request() -> CurlRequest {
            let instance = InstanceRegistry().instance(at: address, isReady: false)
            let blue = Deployment(
                name: "blue",
                isNative: false,
                instances: [instance],
                timeout: .seconds(1),
                probes: ProbeRule(readiness: settings(), paths: ProbePaths(readiness: route))
            )
            return Prober.request(of: ProbeTarget("demo/chat/blue", instance, of: blue), .readiness)
        }
        #expect(request().allowsProxy == allowsProxy && request().isAddressAllowed == nil)
        address.reach.hasPublic = false
        let isAllowed = try #require(request().isAddressAllowed)
        #expect(!isAllowed("93.184.216.34") && isAllowed("10.0.0.1"))
    }

    @Test func `what a deployment no longer has is forgotten, and other settings begin anew`() throws {
        let book = ProbeBook()
        let instance = InstanceRegistry().instance(
            at: try InstanceAddress.parse("http://a:1").get(),
            isReady: false,
            isUsable: true
        )
        func snapshot(_ rule: ProbeRule?) -> Snapshot {
            let deployments = rule.map { rule in
                [Deployment(name: "blue", isNative: false, instances: [instance], timeout: .seconds(1), probes: rule)]
            }
            let chat = Endpoint(
                tenant: "demo",
                name: "chat",
                modelNames: [],
                hosts: [],
                deployments: deployments ?? [],
                split: TrafficSplit(weights: [])
            )
            return Snapshot(domain: nil, tenants: [Tenant(name: "demo", endpoints: [chat])], keyring: Keyring([:]))
        }
        let yes = Prober.Answer(isSuccess: true, sentence: "a connect succeeded")
        let first = ProbeRule(readiness: settings())
        let due = book.takeDue(in: snapshot(first), at: 0)
        #expect(due.map(\.1) == [.readiness, .liveness] && due.first?.0.path == "demo/chat/blue")
        for (target, kind) in due { _ = book.answered(target, kind, yes, at: 1) }
        #expect(instance.isReady(by: first) && instance.lastProbe == "readiness: a connect succeeded")
        let second = ProbeRule(readiness: settings(period: 3), paths: ProbePaths(readiness: "/ready"))
        #expect(!instance.isReady(by: second))
        #expect(book.takeDue(in: snapshot(second), at: 2).count == 2)
        #expect(book.takeDue(in: snapshot(nil), at: 3).isEmpty)
        #expect(!instance.isReady && instance.lastProbe == nil)
        for _ in 0..<5 { instance.failed(.unreachable, begun: 3, at: 3) }
        #expect(book.takeDue(in: snapshot(second), at: 4).count == 2 && instance.outage(at: 4) != nil)
        #expect(book.takeDue(in: snapshot(nil), at: 5).isEmpty)
        #expect(instance.outage(at: 5) == nil)
    }

    @Test func `a worker is asked only whether it lives, while it runs, and keeps its supervisor's word`() throws {
        let book = ProbeBook()
        let worker = InstanceRegistry().instance(
            at: InstanceAddress(transport: .unix(path: "/run/w.sock")),
            isReady: false
        )
        let local = Deployment(
            name: "local",
            isNative: true,
            instances: [worker],
            timeout: .seconds(1),
            probes: ProbeRule(liveness: settings(failures: 2))
        )
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: [local],
            split: TrafficSplit(weights: [100])
        )
        let tenant = Tenant(name: "demo", endpoints: [chat])
        let snapshot = Snapshot(domain: nil, tenants: [tenant], keyring: Keyring([:]))
        #expect(book.takeDue(in: snapshot, at: 0).isEmpty)
        worker.markReady(true)
        let no = Prober.Answer(isSuccess: false, sentence: "GET /healthz failed: no answer")
        var changes: [InstanceProbes.Change?] = []
        for time in [0, 10, 20] {
            for (target, kind) in book.takeDue(in: snapshot, at: Int64(time) * Self.second) {
                #expect(target.route(kind) == "/healthz" && kind == .liveness)
                changes.append(book.answered(target, kind, no, at: Int64(time) * Self.second))
            }
        }
        #expect(changes == [nil, .dead, nil])
        #expect(worker.isReady && worker.outage(at: 0) == nil)
        #expect(worker.lastProbe == "liveness: GET /healthz failed: no answer")
        worker.markReady(false)
        #expect(book.takeDue(in: snapshot, at: 100 * Self.second).isEmpty)
        worker.markReady(true)
        #expect(book.takeDue(in: snapshot, at: 100 * Self.second).count == 1)
    }

    @Test func `probes of one tenant that are not answered keep no other tenant's instances from being asked`() throws {
        let book = ProbeBook()
        let registry = InstanceRegistry()
        func tenant(_ name: String, ports: ClosedRange<Int>) throws -> Tenant {
            let blue = Deployment(
                name: "blue",
                isNative: false,
                instances: try ports.map {
                    registry.instance(
                        at: try InstanceAddress.parse("http://a:\($0)").get(),
                        of: name,
                        isReady: false,
                        isUsable: true
                    )
                },
                timeout: .seconds(1)
            )
            let chat = Endpoint(
                tenant: name,
                name: "chat",
                modelNames: [],
                hosts: [],
                deployments: [blue],
                split: TrafficSplit(weights: [100])
            )
            return Tenant(name: name, endpoints: [chat])
        }
        let silent = try tenant("silent", ports: 1...64)
        let before = Snapshot(domain: nil, tenants: [silent], keyring: Keyring([:]))
        var running = 0
        for round in 0..<10 { running += book.takeDue(in: before, at: Int64(round)).count }
        #expect((30...64).contains(running))
        let after = Snapshot(domain: nil, tenants: [silent, try tenant("new", ports: 1...1)], keyring: Keyring([:]))
        #expect(book.takeDue(in: after, at: 100).map(\.0.path) == ["new/chat/blue", "new/chat/blue"])
    }

    @Test func `no probe takes longer than a minute`() throws {
        let instance = try InstanceRegistry().instance(at: InstanceAddress.parse("http://a:1").get(), isReady: true)
        var patient = settings()
        patient.timeout = 3600
        let blue = Deployment(
            name: "blue",
            isNative: false,
            instances: [instance],
            timeout: .seconds(1),
            probes: ProbeRule(liveness: patient, readiness: settings())
        )
        let target = ProbeTarget("demo/chat/blue", instance, of: blue)
        #expect(target.timeout(.liveness) == .seconds(60) && target.timeout(.readiness) == .seconds(2))
    }

    @Test func `instances that do not answer keep no other from being asked`() throws {
        let book = ProbeBook()
        let registry = InstanceRegistry()
        let instances = try (1...100).map {
            registry.instance(at: try InstanceAddress.parse("http://a:\($0)").get(), isReady: false, isUsable: true)
        }
        let blue = Deployment(name: "blue", isNative: false, instances: instances, timeout: .seconds(1))
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: [blue],
            split: TrafficSplit(weights: [100])
        )
        let tenant = Tenant(name: "demo", endpoints: [chat])
        let snapshot = Snapshot(domain: nil, tenants: [tenant], keyring: Keyring([:]))
        let no = Prober.Answer(isSuccess: false, sentence: "no answer")
        var asked: Set<Int> = []
        // Every answer comes so late that its instance is due again at once.
        for round in 0..<8 {
            let due = book.takeDue(in: snapshot, at: Int64(round) * 100 * Self.second)
            #expect((1...65).contains(due.count))
            for (target, kind) in due {
                asked.insert(target.instance.number)
                _ = book.answered(target, kind, no, at: Int64(round) * 100 * Self.second)
            }
        }
        #expect(asked.count == 100)
    }
}
