/// A bound on how much may be used in a span of time, or at once.
package struct LimitRule: Sendable, Hashable, Codable {
    /// What is counted.
    package enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
        case requests
        /// Prompt and completion tokens: estimated before the call, settled on what was really used.
        case tokens
        /// Requests that are running.
        case concurrent
        /// Bytes of request bodies.
        case bodyBytes
    }

    package enum Period: String, Sendable, Hashable, Codable, CaseIterable {
        case second
        case minute
        case hour

        package var seconds: Int64 {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            }
        }
    }

    package var measure: Measure
    /// At least 1.
    package var amount: Int64
    /// `nil` for `concurrent`, set for all others.
    package var period: Period?
    /// How much may come at once, at least 1; `nil` = `amount`, which is also the most.
    package var burst: Int64?
    /// Counted for each client address by itself.
    package var isByAddress: Bool
    /// Counts and reports what would have been refused, and refuses nothing.
    package var isWarnOnly: Bool

    package init(
        _ measure: Measure,
        _ amount: Int64,
        per period: Period? = nil,
        burst: Int64? = nil,
        isByAddress: Bool = false,
        isWarnOnly: Bool = false
    ) {
        self.measure = measure
        self.amount = amount
        self.period = period
        self.burst = burst
        self.isByAddress = isByAddress
        self.isWarnOnly = isWarnOnly
    }
}

/// A bound on how much may be used in a calendar window.
package struct QuotaRule: Sendable, Hashable, Codable {
    package enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
        case requests
        case tokens
        /// Money, by the deployment's price.
        case cost
    }

    /// A week begins on Monday (ISO 8601).
    package enum Window: String, Sendable, Hashable, Codable, CaseIterable {
        case day
        case week
        case month
    }

    package var measure: Measure
    /// At least 1; millionths of the currency for `cost`.
    package var amount: Int64
    package var window: Window
    /// IANA name, for instance `Europe/Berlin`.
    package var timeZone: String
    /// Tells of 80 % and 100 %, and refuses nothing.
    package var isWarnOnly: Bool

    package init(
        _ measure: Measure,
        _ amount: Int64,
        per window: Window,
        timeZone: String = "UTC",
        isWarnOnly: Bool = false
    ) {
        self.measure = measure
        self.amount = amount
        self.window = window
        self.timeZone = timeZone
        self.isWarnOnly = isWarnOnly
    }
}

/// The limits and quotas that one tenant, endpoint, deployment or key has.
package struct UsageRules: Sendable, Hashable, Codable {
    package var limits: [LimitRule]
    package var quotas: [QuotaRule]

    package init(limits: [LimitRule] = [], quotas: [QuotaRule] = []) {
        self.limits = limits
        self.quotas = quotas
    }

    package static let none = UsageRules()
    package var isEmpty: Bool { limits.isEmpty && quotas.isEmpty }
}

/// What a deployment's answers cost, in millionths of the currency that the operator counts in.
package struct Price: Sendable, Hashable, Codable {
    package var perThousandInputTokens: Int64
    package var perThousandOutputTokens: Int64
    package var perRequest: Int64

    package init(perThousandInputTokens: Int64 = 0, perThousandOutputTokens: Int64 = 0, perRequest: Int64 = 0) {
        self.perThousandInputTokens = perThousandInputTokens
        self.perThousandOutputTokens = perThousandOutputTokens
        self.perRequest = perRequest
    }

    /// The cost of one answer, rounded up to a whole millionth; never overflows.
    package func cost(input: Int64, output: Int64) -> Int64 {
        func part(_ tokens: Int64, _ price: Int64) -> Int64 {
            let (product, isTooLarge) = max(0, tokens).multipliedReportingOverflow(by: price)
            return isTooLarge ? .max / 4 : product / 1000 + (product % 1000 == 0 ? 0 : 1)
        }
        let tokens = part(input, perThousandInputTokens) + part(output, perThousandOutputTokens)
        let (sum, isTooLarge) = perRequest.addingReportingOverflow(tokens)
        return isTooLarge ? .max : sum
    }
}
