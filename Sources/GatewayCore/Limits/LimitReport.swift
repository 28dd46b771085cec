/// The state of the limits right after a decision, for `x-ratelimit-*`, `RateLimit`, `RateLimit-Policy` and `Retry-After`.
///
/// A class, since it is handed on several times.
package final class LimitReport: Sendable {
    /// What a limit or a quota counts.
    package enum Measure: String, Sendable, Hashable {
        case requests
        case tokens
        case concurrent
        case bodyBytes
        /// Millionths of the currency; only quotas count it.
        case cost
    }

    /// Which of the headers tell of a limit.
    package enum Family: Sendable {
        /// `x-ratelimit-*-requests`.
        case requests
        /// `x-ratelimit-*-tokens`.
        case tokens
        /// `RateLimit` and `RateLimit-Policy`.
        case timed
    }

    /// How one limit stood.
    package struct Entry: Sendable, Equatable {
        package let words: RuleWords
        package let remaining: Int64
        /// Nanoseconds until the limit is whole again; 0 for concurrency, which nobody can foretell.
        package let resetAfter: Int64
        /// Seconds of the window; `nil` for concurrency.
        package let window: Int64?
    }

    /// The tightest limit of requests: what leaves the smallest share free.
    package let requests: Entry?
    package let tokens: Entry?
    /// The tightest of all that have a window; callers are not told of the operator's money.
    package let timed: Entry?
    /// Rules that would have refused if they did not only warn.
    package let warnings: [String]

    init(requests: Entry? = nil, tokens: Entry? = nil, timed: Entry? = nil, warnings: [String] = []) {
        self.requests = requests
        self.tokens = tokens
        self.timed = timed
        self.warnings = warnings
    }
}

extension LimitReport: Equatable {
    package static func == (one: LimitReport, other: LimitReport) -> Bool {
        one.requests == other.requests && one.tokens == other.tokens && one.timed == other.timed
            && one.warnings == other.warnings
    }
}

/// Where response headers read how the limits stand.
package enum LimitSource: Sendable {
    /// Of a request that passes: read from what it holds, without making a report.
    case permit(Permit)
    /// Of a request that was refused.
    case report(LimitReport)

    package func forEach(_ body: (LimitReport.Family, LimitReport.Entry) -> Void) {
        switch self {
        case .permit(let permit): permit.forEachLimit(body)
        case .report(let report):
            if let requests = report.requests { body(.requests, requests) }
            if let tokens = report.tokens { body(.tokens, tokens) }
            if let timed = report.timed { body(.timed, timed) }
        }
    }

    /// Rules that would have refused if they did not only warn.
    package var warnings: [String] {
        switch self {
        case .permit(let permit): permit.warnings
        case .report(let report): report.warnings
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
