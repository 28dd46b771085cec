/// Which of an endpoint's or a deployment's exchanges are kept for review, and what of them.
package struct CaptureRule: Sendable, Hashable, Codable {
    /// Bytes of a body that may be kept at most (SECURITY D-1).
    package static let longestBody = 64 << 10

    /// Share of the exchanges, 0 to 1.
    ///
    /// Both halves of a mirrored pair are kept whatever it says.
    package var samplingRate: Double
    package var keepsRequest: Bool
    package var keepsResponse: Bool
    /// Bytes of each body, 0 to `longestBody`; what is longer is cut, and said to be.
    package var bodyLimit: Int
    package var only: CaptureCondition
    package var redaction: RedactionRule
    /// The headers that are kept, lower case; `nil` = all but credentials, which never are.
    package var headers: [String]?
    /// As Azure's collectors name them; they are told apart in what is exported.
    package var collections: [CaptureCollection]
    /// Of the files of a continuous export; `nil` = as the gateway's settings say.
    package var rollingRate: RollingRate?

    package init(
        samplingRate: Double = 1,
        keepsRequest: Bool = true,
        keepsResponse: Bool = true,
        bodyLimit: Int = CaptureRule.longestBody,
        only: CaptureCondition = CaptureCondition(),
        redaction: RedactionRule = RedactionRule(),
        headers: [String]? = nil,
        collections: [CaptureCollection] = []
    ) {
        self.samplingRate = samplingRate
        self.keepsRequest = keepsRequest
        self.keepsResponse = keepsResponse
        self.bodyLimit = bodyLimit
        self.only = only
        self.redaction = redaction
        self.headers = headers
        self.collections = collections
    }
}

/// The most that several rules may want of an exchange, before it is known which of them decides.
package struct CaptureBounds: Sendable {
    package let highestRate: Double
    /// Bytes.
    package let longestBody: Int
    /// Whether one of them leaves it to chance.
    package let isSampled: Bool

    /// `nil` when there is no rule.
    init?(_ rules: [CaptureRule]) {
        guard let highest = rules.map(\.samplingRate).max(), let longest = rules.map(\.bodyLimit).max() else {
            return nil
        }
        highestRate = highest
        longestBody = longest
        isSampled = rules.contains(where: \.isSampled)
    }
}

/// What an exchange must be for its capture to be kept; empty = anything.
///
/// Of errors and slow ones either is enough; the caller and the header must be right besides.
package struct CaptureCondition: Sendable, Hashable, Codable {
    /// Status 400 or more, or no whole answer.
    package var errors: Bool
    /// Took at least so many milliseconds.
    package var slowerThan: Int?
    /// A caller's label, as in receipts: `demo/chat#primary`.
    package var callers: [String]
    package var header: Header?

    /// A request header, lower case, and the value that it must have; `nil` = any.
    package struct Header: Sendable, Hashable, Codable {
        package var name: String
        package var value: String?

        package init(name: String, value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    package init(errors: Bool = false, slowerThan: Int? = nil, callers: [String] = [], header: Header? = nil) {
        self.errors = errors
        self.slowerThan = slowerThan
        self.callers = callers
        self.header = header
    }

    /// What is known before the answer.
    ///
    /// - Parameter value: a request header's first value.
    package func admits(caller: String, header value: (String) -> String?) -> Bool {
        guard callers.isEmpty || callers.contains(caller) else { return false }
        guard let header else { return true }
        guard let found = value(header.name) else { return false }
        return header.value.map { $0 == found } ?? true
    }

    /// What is known when the exchange is over.
    package func admits(_ receipt: Receipt) -> Bool {
        guard errors || slowerThan != nil else { return true }
        if errors, receipt.status >= 400 || receipt.outcome == .failed || receipt.outcome == .cancelled { return true }
        return slowerThan.map { receipt.durationMicroseconds >= Int64($0) * 1000 } ?? false
    }
}

/// What is taken out of a capture before it is stored, besides credentials, which always are.
package struct RedactionRule: Sendable, Hashable, Codable {
    /// Further headers, lower case.
    package var headers: [String]
    /// Members of JSON bodies, as `user.email`, `messages[*].content` or, at any depth, `**.password`.
    package var paths: [String]
    package var patterns: [Pattern]
    package var expressions: [Expression]

    /// Kinds of text that are known by their form.
    package enum Pattern: String, Sendable, Hashable, Codable, CaseIterable {
        case email
        /// Payment card numbers whose check digit is right.
        case card
        case phone
    }

    /// A regular expression of the user's own, in PCRE's syntax.
    package struct Expression: Sendable, Hashable, Codable {
        /// Stands in the place of what it finds: `[name]`.
        package var name: String
        package var pattern: String

        package init(name: String, pattern: String) {
            self.name = name
            self.pattern = pattern
        }
    }

    package init(
        headers: [String] = [],
        paths: [String] = [],
        patterns: [Pattern] = [],
        expressions: [Expression] = []
    ) {
        self.headers = headers
        self.paths = paths
        self.patterns = patterns
        self.expressions = expressions
    }
}

/// One collection of Azure ML's `data_collector`.
package struct CaptureCollection: Sendable, Hashable, Codable {
    /// `request`, `response`, `model_inputs`, `model_outputs` or one of the user's own.
    package var name: String
    package var samplingRate: Double

    package init(name: String, samplingRate: Double) {
        self.name = name
        self.samplingRate = samplingRate
    }
}
