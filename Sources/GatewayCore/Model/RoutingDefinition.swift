/// What leads requests to a deployment before the traffic split does, as an admin described it.
package struct RoutingDefinition: Sendable, Equatable {
    package static let none = RoutingDefinition()

    /// Asked in this order; the first that takes a request has it.
    package var canaries: [CanaryDefinition]
    /// `nil` = every request takes its turn in the split, whoever sends it.
    package var sticky: StickyKey?
    package var versions: VersionsDefinition?

    package init(
        canaries: [CanaryDefinition] = [],
        sticky: StickyKey? = nil,
        versions: VersionsDefinition? = nil
    ) {
        self.canaries = canaries
        self.sticky = sticky
        self.versions = versions
    }
}

/// A deployment that takes some requests before anything is split.
package struct CanaryDefinition: Sendable, Equatable {
    package enum Condition: Sendable, Equatable {
        /// The request has this header, with this value where one is named.
        case header(name: String, value: String?)
        /// So many per cent of the callers, always the same ones.
        case callers(Int)
    }

    package var deployment: String
    package var condition: Condition

    package init(deployment: String, condition: Condition) {
        self.deployment = deployment
        self.condition = condition
    }
}

/// What a request is recognised by, so that it meets the deployment of the last time.
package enum StickyKey: Sendable, Equatable {
    /// Whoever calls: a key or a token's subject.
    case caller
    /// Only keys; holders of tokens take their turn in the split.
    case key
    /// Only tokens' subjects.
    case subject
    case header(String)
    case cookie(String)
}

/// How callers of one URL ask for a version of the model.
package struct VersionsDefinition: Sendable, Equatable {
    /// Name of a query parameter.
    package var query: String?
    /// Name of a request header.
    package var header: String?
    /// What a request gets that asks for none; `nil` = the canaries and the split decide.
    package var standard: String?

    package init(query: String? = nil, header: String? = nil, standard: String? = nil) {
        self.query = query
        self.header = header
        self.standard = standard
    }
}

/// How a request's path changes on its way to an upstream.
package struct PathRewrite: Sendable, Equatable {
    /// Taken off the front where the path has it; empty or `/…` without a slash at the end.
    package var stripPrefix: String
    /// Put in its place, or, without a prefix to strip, before every path.
    package var addPrefix: String

    package init(stripPrefix: String = "", addPrefix: String = "") {
        self.stripPrefix = stripPrefix
        self.addPrefix = addPrefix
    }

    /// - Parameter path: begins with a slash.
    package func rewrite(_ path: String) -> String {
        guard let stripped = strippedLength(of: path) else { return path }
        let whole = addPrefix + String(Substring(path.utf8.dropFirst(stripped)))
        return whole.isEmpty ? "/" : whole
    }

    /// How many bytes of the path's front `addPrefix` takes the place of; `nil` where the path stays as it is.
    func strippedLength(of path: String) -> Int? {
        guard !stripPrefix.isEmpty else { return 0 }
        guard path.utf8.starts(with: stripPrefix.utf8) else { return nil }
        let length = stripPrefix.utf8.count
        return path.utf8.count == length || path.utf8.dropFirst(length).first == UInt8(ascii: "/") ? length : nil
    }
}
