import GatewayCore

/// What leads requests to deployments, as it is stored.
struct StoredRouting: Codable {
    /// Of `header` and `callers` one is there.
    struct Canary: Codable {
        let deployment: String
        let header: String?
        let value: String?
        let callers: Int?
    }

    struct Versions: Codable {
        let query: String?
        let header: String?
        let standard: String?
    }

    struct Sticky: Codable {
        /// `caller`, `key`, `subject`, `header` or `cookie`.
        let by: String
        /// Of the header or cookie.
        let name: String?
    }

    let canaries: [Canary]
    let sticky: Sticky?
    let versions: Versions?

    init(_ definition: RoutingDefinition) {
        canaries = definition.canaries.map(Canary.init)
        sticky = definition.sticky.map(Sticky.init)
        versions = definition.versions.map {
            Versions(query: $0.query, header: $0.header, standard: $0.standard)
        }
    }

    /// `nil` when it is none of ours.
    var definition: RoutingDefinition? {
        let canaries = canaries.compactMap(\.definition)
        let key = sticky.flatMap(\.key)
        guard canaries.count == self.canaries.count, sticky == nil || key != nil else { return nil }
        return RoutingDefinition(
            canaries: canaries,
            sticky: key,
            versions: versions.map {
                VersionsDefinition(query: $0.query, header: $0.header, standard: $0.standard)
            }
        )
    }
}

extension StoredRouting.Canary {
    fileprivate init(_ definition: CanaryDefinition) {
        switch definition.condition {
        case .header(let name, let value):
            self.init(deployment: definition.deployment, header: name, value: value, callers: nil)
        case .callers(let percent):
            self.init(deployment: definition.deployment, header: nil, value: nil, callers: percent)
        }
    }

    fileprivate var definition: CanaryDefinition? {
        if let header {
            return CanaryDefinition(deployment: deployment, condition: .header(name: header, value: value))
        }
        return callers.map { CanaryDefinition(deployment: deployment, condition: .callers($0)) }
    }
}

extension StoredRouting.Sticky {
    fileprivate init(_ key: StickyKey) {
        switch key {
        case .caller: self.init(by: "caller", name: nil)
        case .key: self.init(by: "key", name: nil)
        case .subject: self.init(by: "subject", name: nil)
        case .header(let name): self.init(by: "header", name: name)
        case .cookie(let name): self.init(by: "cookie", name: name)
        }
    }

    fileprivate var key: StickyKey? {
        switch (by, name) {
        case ("caller", nil): .caller
        case ("key", nil): .key
        case ("subject", nil): .subject
        case ("header", let name?): .header(name)
        case ("cookie", let name?): .cookie(name)
        default: nil
        }
    }
}

/// How an upstream's paths change, as it is stored.
struct StoredPath: Codable {
    let strip: String
    let add: String
}

extension StoredJSON {
    static func routing(_ definition: RoutingDefinition) throws(StoreError) -> String? {
        definition == .none ? nil : try text(StoredRouting(definition))
    }

    static func routing(_ text: String?, place: String) throws(StoreError) -> RoutingDefinition {
        guard let text else { return .none }
        guard let definition = try value(StoredRouting.self, text, place: place).definition else {
            throw .unavailable("\(place) is damaged in the database")
        }
        return definition
    }

    static func path(_ rewrite: PathRewrite?) throws(StoreError) -> String? {
        guard let rewrite else { return nil }
        return try text(StoredPath(strip: rewrite.stripPrefix, add: rewrite.addPrefix))
    }

    static func path(_ text: String?, place: String) throws(StoreError) -> PathRewrite? {
        guard let text else { return nil }
        let stored = try value(StoredPath.self, text, place: place)
        return PathRewrite(stripPrefix: stored.strip, addPrefix: stored.add)
    }
}
