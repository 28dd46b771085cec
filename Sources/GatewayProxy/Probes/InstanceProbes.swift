import GatewayCore

/// The two probes of one instance, and what they say together.
struct InstanceProbes {
    /// Which of the two.
    enum Kind: String, Sendable, CaseIterable {
        case liveness
        case readiness
    }

    /// What an answer changed.
    enum Change: Equatable {
        case ready
        /// Failed its readiness: no requests until it succeeds.
        case notReady
        /// Failed its liveness: an alarm.
        case dead
        case back
    }

    let rule: ProbeRule
    private var liveness: ProbeTrack
    private var readiness: ProbeTrack
    private var running: Set<Kind> = []
    private var answers: [Kind: String] = [:]

    /// - Parameter earlier: what other settings found: what has taken the instance out keeps it out until it succeeds.
    init(_ rule: ProbeRule, after earlier: InstanceProbes? = nil, at now: Int64) {
        self.rule = rule
        liveness = ProbeTrack(rule.liveness, after: earlier?.liveness, at: now)
        readiness = ProbeTrack(rule.readiness, after: earlier?.readiness, at: now)
        if let earlier, earlier.isOut { answers = earlier.answers }
    }

    /// Whether a deployment's status may count it.
    var isReady: Bool { readiness.hasPassed && !isOut }

    /// Whether it takes no requests.
    ///
    /// Until its readiness has been seen once it is not out, only not ready: then `InstanceChoice` sends it requests as
    /// long as none of its deployment is.
    var isOut: Bool { liveness.hasFailed || (readiness.hasPassed && readiness.hasFailed) }

    /// What people are told of the last answers: the one that decides whether the instance is in use.
    var lastAnswer: String? {
        let kind: Kind = liveness.hasFailed || answers[.readiness] == nil ? .liveness : .readiness
        return answers[kind].map { "\(kind.rawValue): \($0)" }
    }

    /// The last answer of a probe, as a sentence.
    func answer(_ kind: Kind) -> String? { answers[kind] }

    /// The last answer where its liveness has taken the instance out.
    var livenessFailure: String? { liveness.hasFailed ? answers[.liveness] : nil }

    mutating func note(_ answer: String, of kind: Kind) { answers[kind] = answer }

    /// Readiness first: what a new deployment waits for.
    ///
    /// - Parameter kinds: the probes that there are for the instance.
    mutating func takeDue(_ kinds: [Kind] = [.readiness, .liveness], at now: Int64) -> Kind? {
        for kind in kinds where !running.contains(kind) && self[kind].due <= now {
            running.insert(kind)
            return kind
        }
        return nil
    }

    mutating func answered(_ kind: Kind, _ isSuccess: Bool, at now: Int64) -> Change? {
        let before = (isReady: isReady, isOut: isOut)
        running.remove(kind)
        switch kind {
        case .liveness: liveness.answered(isSuccess, at: now)
        case .readiness: readiness.answered(isSuccess, at: now)
        }
        if isOut, !before.isOut { return liveness.hasFailed ? .dead : .notReady }
        if before.isOut, !isOut { return .back }
        return isReady && !before.isReady ? .ready : nil
    }

    private subscript(kind: Kind) -> ProbeTrack {
        switch kind {
        case .liveness: liveness
        case .readiness: readiness
        }
    }
}
