import GatewayCore

/// The alarms of all instances of upstream deployments.
struct AlarmBook {
    /// By the instance's number; only of those that have been out.
    private var tracks: [Int: AlarmTrack] = [:]

    mutating func follow(_ target: ProbeTarget, _ probes: InstanceProbes?, at now: Int64) -> InstanceAlarm? {
        let number = target.instance.number
        let finding = Self.finding(target.instance, probes, at: now)
        if case .ejected = finding, tracks[number] == nil { tracks[number] = AlarmTrack() }
        switch tracks[number]?.follow(finding, at: now) {
        case .ejected(let cause, let detail, let since)?:
            return InstanceAlarm(target, isBack: false, cause, detail, age: now - since)
        case .returned(let cause, let since)?:
            let answer = cause == .livenessProbe ? probes?.answer(.liveness) : nil
            return InstanceAlarm(target, isBack: true, cause, answer ?? "it takes requests again", age: now - since)
        case nil: return nil
        }
    }

    mutating func keep(_ numbers: Set<Int>) { tracks = tracks.filter { numbers.contains($0.key) } }

    private static func finding(_ instance: Instance, _ probes: InstanceProbes?, at now: Int64) -> AlarmTrack.Finding {
        guard let outage = instance.outage(at: now) else { return .inUse }
        if let answer = probes?.livenessFailure { return .ejected(.livenessProbe, answer) }
        return instance.isCircuitOpen ? .ejected(.circuitBreaker, outage) : .resting
    }
}

extension InstanceAlarm {
    fileprivate init(_ target: ProbeTarget, isBack: Bool, _ cause: Cause, _ detail: String, age: Int64) {
        let names = target.path.split(separator: "/", maxSplits: 2).map(String.init)
        guard names.count == 3 else { preconditionFailure("a path is tenant, endpoint and deployment") }
        self.init(
            (names[0], names[1], names[2]),
            instance: target.instance.url,
            isBack: isBack,
            cause: cause,
            detail: detail,
            age: age
        )
    }
}
