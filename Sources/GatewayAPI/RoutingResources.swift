/// A deployment that takes some requests before anything is split: by a header, or a share of the callers.
package struct CanaryResource: Codable, Sendable, Hashable {
    package var deployment: String
    /// Requests with this header.
    package var header: String?
    /// And this value; left out, any.
    package var value: String?
    /// Per cent of the callers, always the same ones.
    package var callers: Int?

    package init(deployment: String, header: String? = nil, value: String? = nil, callers: Int? = nil) {
        self.deployment = deployment
        self.header = header
        self.value = value
        self.callers = callers
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case deployment
        case header
        case value
        case callers
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            deployment: try members.decode(String.self, forKey: .deployment),
            header: try members.value(.header),
            value: try members.value(.value),
            callers: try members.value(.callers)
        )
    }
}

/// What a caller is recognised by, to meet the deployment of the last time.
package struct StickyResource: Codable, Sendable, Hashable {
    package static let kinds = ["caller", "key", "subject", "header", "cookie"]

    /// One of `kinds`.
    package var by: String
    /// Of the header or the cookie.
    package var name: String?

    package init(by: String, name: String? = nil) {
        self.by = by
        self.name = name
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case by
        case name
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(by: try members.decode(String.self, forKey: .by), name: try members.value(.name))
    }
}

/// How callers of one URL ask for a version of the model.
package struct VersionsResource: Codable, Sendable, Hashable {
    /// Name of a query parameter.
    package var query: String?
    /// Name of a request header.
    package var header: String?
    /// What callers get who ask for none.
    package var `default`: String?

    package init(query: String? = nil, header: String? = nil, default standard: String? = nil) {
        self.query = query
        self.header = header
        self.default = standard
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case query
        case header
        case `default`
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            query: try members.value(.query),
            header: try members.value(.header),
            default: try members.value(.default)
        )
    }
}

/// How a request's path changes on its way to an upstream.
package struct PathResource: Codable, Sendable, Hashable {
    /// Taken off where a path begins with it.
    package var stripPrefix: String?
    /// Put in its place, or, without `stripPrefix`, before every path.
    package var addPrefix: String?

    package init(stripPrefix: String? = nil, addPrefix: String? = nil) {
        self.stripPrefix = stripPrefix
        self.addPrefix = addPrefix
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case stripPrefix
        case addPrefix
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(stripPrefix: try members.value(.stripPrefix), addPrefix: try members.value(.addPrefix))
    }
}
