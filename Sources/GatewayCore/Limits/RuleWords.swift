/// What people and headers call a rule; made once, read when a request is answered.
package final class RuleWords: Sendable {
    /// The rule's name for callers, for instance `endpoint-requests-minute`.
    package let policy: String
    /// The same as `RateLimit` writes it, in quotes.
    package let quotedPolicy: String
    /// The rule as `RateLimit-Policy` describes it; a quota's ends with `;w=`, for its windows are not all of one length.
    package let description: String
    /// No description is longer: it is made of few words and two numbers.
    package static let longestDescription = 128
    package let measure: LimitReport.Measure
    /// The rule's amount, in decimal digits.
    package let limit: String
    let isQuota: Bool
    /// Seconds of a rate's period; `nil` for concurrency, and for quotas, whose windows are not all of one length.
    package let window: Int64?
    /// Why a request was refused that may come again later.
    let usedUp: String
    /// Why a request was refused that can never pass.
    let tooLarge: String

    package init(_ rule: LimitRule, of subject: UsageSubject) {
        let period = rule.measure == .concurrent ? nil : rule.period ?? .second
        let byAddress = rule.isByAddress ? "address" : nil
        policy = [subject.kind, rule.measure.policyName, period?.rawValue, byAddress].compactMap(\.self)
            .joined(separator: "-")
        quotedPolicy = "\"\(policy)\""
        measure = LimitReport.Measure(rule.measure)
        limit = String(max(1, rule.amount))
        isQuota = false
        window = period?.seconds
        let unit = rule.measure == .bodyBytes ? #";qu="content-bytes""# : ""
        description = "\(quotedPolicy);q=\(limit);w=\(period?.seconds ?? 0)\(unit)"
        let span = period.map { "per \($0.rawValue)" } ?? "at a time"
        let amount = "\(Self.count(rule.amount, rule.measure.noun)) \(span)"
        let whose = (rule.isByAddress ? " for each client address" : "") + " of \(subject.words)"
        usedUp = "The limit of \(amount)\(whose) is used up."
        let burst = min(max(1, rule.burst ?? rule.amount), rule.amount)
        let atOnce = burst < rule.amount ? ", \(burst) at once," : ""
        tooLarge =
            "This request alone needs more than the limit of \(amount)\(atOnce)\(whose) allows; it can never pass."
    }

    package init(_ rule: QuotaRule, of subject: UsageSubject) {
        policy = "\(subject.kind)-\(rule.measure.rawValue)-\(rule.window.rawValue)"
        quotedPolicy = "\"\(policy)\""
        measure = LimitReport.Measure(rule.measure)
        limit = String(max(1, rule.amount))
        isQuota = true
        window = nil
        description = "\(quotedPolicy);q=\(limit);w="
        let amount =
            switch rule.measure {
            case .requests: Self.count(rule.amount, "request")
            case .tokens: Self.count(rule.amount, "token")
            case .cost: "\(Self.decimal(millionths: rule.amount)) (cost)"
            }
        let whose = "\(amount) per \(rule.window.rawValue) of \(subject.words)"
        usedUp = "The quota of \(whose) is used up."
        tooLarge = "This request alone may need more than the quota of \(whose) allows; it can never pass."
    }

    private static func count(_ amount: Int64, _ noun: String) -> String {
        "\(amount) \(noun)\(amount == 1 ? "" : "s")"
    }

    private static func decimal(millionths: Int64) -> String {
        let (whole, fraction) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
        guard fraction != 0 else { return "\(whole)" }
        var digits = String(String(1_000_000 + fraction.magnitude).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

extension RuleWords: Equatable {
    package static func == (one: RuleWords, other: RuleWords) -> Bool {
        one === other || (one.usedUp == other.usedUp && one.tooLarge == other.tooLarge)
    }
}

extension LimitReport.Measure {
    init(_ measure: LimitRule.Measure) {
        self =
            switch measure {
            case .requests: .requests
            case .tokens: .tokens
            case .concurrent: .concurrent
            case .bodyBytes: .bodyBytes
            }
    }

    init(_ measure: QuotaRule.Measure) {
        self =
            switch measure {
            case .requests: .requests
            case .tokens: .tokens
            case .cost: .cost
            }
    }
}

extension LimitRule.Measure {
    fileprivate var noun: String {
        switch self {
        case .requests, .concurrent: "request"
        case .tokens: "token"
        case .bodyBytes: "body byte"
        }
    }

    fileprivate var policyName: String {
        switch self {
        case .requests, .tokens, .concurrent: rawValue
        case .bodyBytes: "bytes"
        }
    }
}

extension UsageSubject {
    fileprivate var kind: String {
        switch self {
        case .tenant: "tenant"
        case .endpoint: "endpoint"
        case .deployment: "deployment"
        case .caller: "caller"
        }
    }

    /// Resources as commands write them.
    fileprivate var words: String {
        switch self {
        case .tenant(let tenant): "tenant \(tenant)"
        case .endpoint(let tenant, let endpoint): "endpoint \(tenant)/\(endpoint)"
        case .deployment(let tenant, let endpoint, let deployment): "deployment \(tenant)/\(endpoint)/\(deployment)"
        case .caller(_, let label): "caller \(label)"
        }
    }
}
