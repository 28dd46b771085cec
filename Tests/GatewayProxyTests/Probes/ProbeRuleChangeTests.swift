import Curl
import GatewayCore
import Testing

@testable import GatewayProxy

/// What becomes of an instance that probes have taken out when its deployment is probed in another way.
@Suite struct ProbeRuleChangeTests {
    private static let second: Int64 = 1_000_000_000
    private static let yes = Prober.Answer(isSuccess: true, sentence: "a connect succeeded")
    private static let no = Prober.Answer(isSuccess: false, sentence: "a connect failed: refused")

    private let book = ProbeBook()
    private let instance: Instance

    init() throws {
        let address = try InstanceAddress.parse("http://a:1").get()
        instance = InstanceRegistry().instance(at: address, isReady: false, isUsable: true)
    }

    private func snapshot(_ rule: ProbeRule) -> Snapshot {
        let blue = Deployment(
            name: "blue",
            isNative: false,
            instances: [instance],
            timeout: .seconds(1),
            probes: rule
        )
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: [blue],
            split: TrafficSplit(weights: [100])
        )
        return Snapshot(domain: nil, tenants: [Tenant(name: "demo", endpoints: [chat])], keyring: Keyring([:]))
    }

    /// Asks what is due at this second.
    ///
    /// - Returns: the alarms that are told then.
    private func round(
        _ snapshot: Snapshot,
        _ seconds: Int64,
        liveness: Prober.Answer = yes,
        readiness: Prober.Answer = yes
    ) -> [InstanceAlarm] {
        let now = seconds * Self.second
        for (target, kind) in book.takeDue(in: snapshot, at: now) {
            _ = book.answered(target, kind, kind == .liveness ? liveness : readiness, at: now)
        }
        return book.alarms(at: now)
    }

    private func rule(header: String) -> ProbeRule {
        let settings = ProbeSettings(initialDelay: 0, period: 10, timeout: 2, successThreshold: 1, failureThreshold: 2)
        let header = UpstreamHeader(name: "x-a", value: header)
        return ProbeRule(liveness: settings, readiness: settings, headers: [header])
    }

    private func ejected(_ snapshot: Snapshot) {
        #expect(round(snapshot, 0).isEmpty && instance.isReady)
        var alarms: [InstanceAlarm] = []
        for seconds in [10, 20, 30] as [Int64] { alarms += round(snapshot, seconds, liveness: Self.no) }
        #expect(alarms.count == 1 && instance.outage(at: 30 * Self.second) == "its probe fails")
    }

    @Test func `one that liveness ejected stays out under other settings until it answers, without an alarm`() {
        ejected(snapshot(rule(header: "1")))
        let changed = snapshot(rule(header: "2"))
        for seconds in [100, 101, 111, 200] as [Int64] {
            #expect(round(changed, seconds, liveness: Self.no).isEmpty, "\(seconds)")
            #expect(instance.outage(at: seconds * Self.second) == "its probe fails" && !instance.isReady, "\(seconds)")
        }
        let back = round(changed, 300)
        #expect(back.map(\.isBack) == [true])
        #expect(instance.outage(at: 300 * Self.second) == nil && instance.isReady)
    }

    @Test func `one that readiness took out stays out under other settings until it is ready`() {
        let first = snapshot(rule(header: "1"))
        _ = round(first, 0)
        for seconds in [10, 20, 30] as [Int64] { _ = round(first, seconds, readiness: Self.no) }
        #expect(instance.outage(at: 30 * Self.second) == "its probe fails")
        let changed = snapshot(rule(header: "2"))
        _ = round(changed, 100, readiness: Self.no)
        #expect(instance.outage(at: 100 * Self.second) == "its probe fails" && !instance.isReady)
        _ = round(changed, 101)
        #expect(instance.outage(at: 101 * Self.second) == nil && instance.isReady)
    }
}
