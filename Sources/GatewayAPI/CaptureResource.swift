/// Which exchanges of an endpoint or a deployment are kept for review, and what of them.
package struct CaptureResource: Codable, Sendable, Equatable {
    /// 0 to 1.
    package var samplingRate: Double
    /// `request`, `response` or both.
    package var parts: [String]
    /// Bytes of each body.
    package var bodyLimit: Int
    package var only: Condition?
    /// The headers that are kept; left out = all, but for credentials.
    package var headers: [String]?
    package var redact: Redaction?
    /// Azure's collections, where a `data_collector` made the rule: then `samplingRate` and `parts` follow from them.
    package var collections: [Collection]
    /// `minute`, `hour`, `day`, `month` or `year`: of the files of a continuous export; left out = as the gateway's
    /// settings say.
    package var rollingRate: String?

    package struct Condition: Codable, Sendable, Equatable {
        package var errors: Bool
        package var slowerThanMs: Int?
        package var callers: [String]
        package var header: Header?

        package struct Header: Codable, Sendable, Equatable {
            package var name: String
            package var value: String?

            package init(name: String, value: String? = nil) {
                self.name = name
                self.value = value
            }
        }

        package init(errors: Bool = false, slowerThanMs: Int? = nil, callers: [String] = [], header: Header? = nil) {
            self.errors = errors
            self.slowerThanMs = slowerThanMs
            self.callers = callers
            self.header = header
        }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case errors
            case slowerThanMs
            case callers
            case header
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            self.init(
                errors: try members.value(.errors, or: false),
                slowerThanMs: try members.value(.slowerThanMs),
                callers: try members.value(.callers, or: []),
                header: try members.value(.header)
            )
        }
    }

    package struct Redaction: Codable, Sendable, Equatable {
        package var headers: [String]
        /// As `messages[*].content` or `**.email`.
        package var paths: [String]
        /// `email`, `card`, `phone`.
        package var patterns: [String]
        package var expressions: [Expression]

        package struct Expression: Codable, Sendable, Equatable {
            package var name: String
            /// In PCRE's syntax.
            package var pattern: String

            package init(name: String, pattern: String) {
                self.name = name
                self.pattern = pattern
            }
        }

        package init(
            headers: [String] = [],
            paths: [String] = [],
            patterns: [String] = [],
            expressions: [Expression] = []
        ) {
            self.headers = headers
            self.paths = paths
            self.patterns = patterns
            self.expressions = expressions
        }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case headers
            case paths
            case patterns
            case expressions
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            self.init(
                headers: try members.value(.headers, or: []),
                paths: try members.value(.paths, or: []),
                patterns: try members.value(.patterns, or: []),
                expressions: try members.value(.expressions, or: [])
            )
        }
    }

    package struct Collection: Codable, Sendable, Equatable {
        package var name: String
        package var samplingRate: Double

        package init(name: String, samplingRate: Double) {
            self.name = name
            self.samplingRate = samplingRate
        }
    }

    package init(
        samplingRate: Double = 1,
        parts: [String] = ["request", "response"],
        bodyLimit: Int = 65_536,
        only: Condition? = nil,
        headers: [String]? = nil,
        redact: Redaction? = nil,
        collections: [Collection] = [],
        rollingRate: String? = nil
    ) {
        self.samplingRate = samplingRate
        self.parts = parts
        self.bodyLimit = bodyLimit
        self.only = only
        self.headers = headers
        self.redact = redact
        self.collections = collections
        self.rollingRate = rollingRate
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case samplingRate
        case parts
        case bodyLimit
        case only
        case headers
        case redact
        case collections
        case rollingRate
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            samplingRate: try members.value(.samplingRate, or: 1),
            parts: try members.value(.parts, or: ["request", "response"]),
            bodyLimit: try members.value(.bodyLimit, or: 65_536),
            only: try members.value(.only),
            headers: try members.value(.headers),
            redact: try members.value(.redact),
            collections: try members.value(.collections, or: []),
            rollingRate: try members.value(.rollingRate)
        )
    }
}
