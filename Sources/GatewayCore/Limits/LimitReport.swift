/// The state of the limits right after a decision, for `x-ratelimit-*`, `RateLimit`, `RateLimit-Policy` and `Retry-After`.
package struct LimitReport: Sendable, Equatable {
    /// What a limit or a quota counts.
    package enum Measure: String, Sendable, Hashable {
        case requests
        case tokens
        case concurrent
        case bodyBytes
        /// Millionths of the currency; only quotas count it.
        case cost
    }

    /// How one limit stood.
    package struct Entry: Sendable, Equatable {
        /// For `RateLimit-Policy`, for instance `endpoint-requests-minute`.
        package var policy: String
        package var measure: Measure
        package var limit: Int64
        package var remaining: Int64
        /// Nanoseconds until the limit is whole again; 0 for concurrency, which nobody can foretell.
        package var resetAfter: Int64
        /// Seconds of the window; `nil` for concurrency.
        package var window: Int64?
        package var isQuota: Bool

        package init(
            policy: String,
            measure: Measure,
            limit: Int64,
            remaining: Int64,
            resetAfter: Int64,
            window: Int64?,
            isQuota: Bool = false
        ) {
            self.policy = policy
            self.measure = measure
            self.limit = limit
            self.remaining = remaining
            self.resetAfter = resetAfter
            self.window = window
            self.isQuota = isQuota
        }
    }

    /// The tightest limit of requests: what leaves the smallest share free.
    package internal(set) var requests: Entry?
    package internal(set) var tokens: Entry?
    /// The tightest of all that have a window; callers are not told of the operator's money.
    package internal(set) var timed: Entry?
    /// Rules that would have refused if they did not only warn.
    package internal(set) var warnings: [String]

    /// - Parameter entries: of the rules that refuse; those that only warn are not told to callers.
    package init(entries: [Entry] = [], warnings: [String] = []) {
        self.warnings = warnings
        for entry in entries {
            switch entry.measure {
            case .requests: entry.replaceIfTighter(&requests)
            case .tokens: entry.replaceIfTighter(&tokens)
            case .bodyBytes, .cost, .concurrent: break
            }
            if entry.window != nil, entry.measure != .cost { entry.replaceIfTighter(&timed) }
        }
    }
}

/// Why a limit or quota refused, and when to come back.
package struct LimitRefusal: Sendable, Equatable {
    /// A sentence that names the limit, its value and whose it is; nothing of the input.
    package var message: String
    /// Whether it is a quota (LiteLLM's `budget_exceeded`, `insufficient_quota`) and not a rate.
    package var isQuota: Bool
    /// Whole seconds, at least 1.
    package var retryAfter: Int64
    package var report: LimitReport
    /// Whether only the deployment's own rules refused: another deployment may have room.
    package var isOfDeployment = false

    package init(message: String, isQuota: Bool, retryAfter: Int64, report: LimitReport) {
        self.message = message
        self.isQuota = isQuota
        self.retryAfter = retryAfter
        self.report = report
    }
}

extension LimitReport.Entry {
    /// Takes the place of one that leaves a greater share free.
    fileprivate func replaceIfTighter(_ other: inout LimitReport.Entry?) {
        guard let held = other else { return other = self }
        if freeShare < held.freeShare { other = self }
    }

    private var freeShare: Double { Double(remaining) / Double(limit) }
}
