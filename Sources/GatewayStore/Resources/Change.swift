import GatewayCore

/// What a put did.
package enum PutOutcome: String, Sendable {
    case created
    case updated
    case unchanged

    init<Definition: Equatable>(_ before: Definition?, _ after: Definition) {
        self = before == nil ? .created : before == after ? .unchanged : .updated
    }
}

/// What an apply did, or would do, to one resource.
package struct Change: Sendable, Equatable {
    package enum Action: String, Sendable {
        case created
        case updated
        case deleted
        case unchanged
    }

    package var action: Action
    /// `tenant`, `tenant/endpoint`, `tenant/endpoint/deployment` or `tenant/roles/name` and the like.
    package var resource: String
    /// The members that differ, for an update.
    package var fields: [String]

    package init(_ action: Action, _ resource: String, fields: [String] = []) {
        self.action = action
        self.resource = resource
        self.fields = fields
    }
}

/// Compares two states of the configuration.
struct ChangeList {
    let old: Definitions
    let new: Definitions

    /// Created, updated and unchanged resources of `named`, then everything that was deleted.
    func changes(named: Set<String>) -> [Change] {
        let tenants = compare(old.tenants, new.tenants, path: \.path, fields: Self.fields)
        let endpoints = compare(old.endpoints, new.endpoints, path: \.path, fields: Self.fields)
        let deployments = compare(old.deployments, new.deployments, path: \.path, fields: Self.fields)
        let issuers = compare(old.issuers, new.issuers, path: \.path, fields: Self.fields)
        let roles = compare(old.roles, new.roles, path: \.path, fields: Self.fields)
        let webhooks = compare(old.webhooks, new.webhooks, path: \.path, fields: Self.fields)
        let models = compare(old.models, new.models, path: \.resource) { _, _ in [] }
        let all = tenants + models + endpoints + deployments + issuers + roles + webhooks
        return all.filter { $0.action != .unchanged || named.contains($0.resource) }
    }

    private func compare<Definition: Equatable>(
        _ old: [Definition],
        _ new: [Definition],
        path: KeyPath<Definition, String>,
        fields: (Definition, Definition) -> [String]
    ) -> [Change] {
        let before = Dictionary(old.map { ($0[keyPath: path], $0) }, uniquingKeysWith: { first, _ in first })
        let after = Set(new.map { $0[keyPath: path] })
        let kept = new.map { definition in
            let name = definition[keyPath: path]
            guard let earlier = before[name] else { return Change(.created, name) }
            return earlier == definition
                ? Change(.unchanged, name) : Change(.updated, name, fields: fields(earlier, definition))
        }
        return kept + old.map { $0[keyPath: path] }.filter { !after.contains($0) }.map { Change(.deleted, $0) }
    }

    static func fields(_ old: DeploymentDefinition, _ new: DeploymentDefinition) -> [String] {
        [
            ("description", old.description != new.description), ("requestSettings", old.settings != new.settings),
            ("model", old.model != new.model), ("instanceType", old.instanceType != new.instanceType),
            ("environmentVariables", old.environmentVariables != new.environmentVariables),
            ("tags", old.tags != new.tags),
            ("properties", old.properties != new.properties), ("price", old.price != new.price),
            ("livenessProbe", old.liveness != new.liveness), ("readinessProbe", old.readiness != new.readiness),
            ("egressPublicNetworkAccess", old.isEgressPrivate != new.isEgressPrivate),
            ("capture", old.capture != new.capture),
        ].filter(\.1).map(\.0) + fields(old.serving, new.serving) + fields(old.rules, new.rules)
    }

    private static func fields(_ old: Serving, _ new: Serving) -> [String] {
        switch (old, new) {
        case (.upstream(let old), .upstream(let new)):
            [
                ("upstream.urls", old.urls != new.urls || old.tenantURLs != new.tenantURLs),
                ("upstream.model", old.model != new.model),
                ("upstream.headers", old.headers != new.headers),
                ("upstream.ca", old.certificateAuthority != new.certificateAuthority),
                ("upstream.probe", old.probe != new.probe),
                ("upstream.path", old.path != new.path),
                ("upstream.removeHeaders", old.removedHeaders != new.removedHeaders),
            ].filter(\.1).map(\.0)
        case (.native(let old), .native(let new)): old == new ? [] : ["native"]
        case (.upstream, .native), (.native, .upstream): ["upstream", "native"]
        }
    }
}
