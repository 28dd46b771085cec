import GatewayCore

/// The audit entries of one change, without numbers: everything that differs between two states of the configuration.
struct AuditDifference {
    /// A bound on one side of one entry, in bytes.
    private static let longest = 32 << 10

    /// An entry in the making.
    struct Draft: Equatable {
        var action: AuditEntry.Action
        var resource: ResourceReference
        var tenant: String?
        var fields: [String] = []
        var before: String?
        var after: String?
    }

    private(set) var drafts: [Draft] = []

    init(_ old: StoreContents, _ transaction: StoreTransaction, _ keys: KeyDifference) throws(StoreError) {
        let (before, after) = (old.definitions, transaction.definitions)
        try note(before.tenants, after.tenants, .tenant, path: \.path)
        try note(before.models, after.models, .model, path: \.resource)
        try note(before.endpoints, after.endpoints, .endpoint, path: \.path)
        try note(before.deployments, after.deployments, .deployment, path: \.path)
        try note(before.secrets, after.secrets, .deploymentSecret, path: \.path)
        try note(keys.pairs.old, keys.pairs.new, .endpointKey, path: \.place)
        try note(keys.named.old, keys.named.new, .namedKey, path: \.path)
        try note(before.principals, after.principals, .principal, path: \.path)
        try note(before.issuers, after.issuers, .issuer, path: \.path)
        try note(before.roles, after.roles, .role, path: \.path)
        try note(before.webhooks, after.webhooks, .webhook, path: \.path)
        try note(old.certificates, transaction.certificates, .certificate, path: \.host)
        try note(before.operators, after.operators, .operator, path: \.name)
        let owners = Dictionary(
            (after.operators + before.operators).map { ($0.name, $0.tenant) },
            uniquingKeysWith: { first, _ in first }
        )
        for index in drafts.indices {
            let resource = drafts[index].resource
            drafts[index].tenant = resource.kind == .operator ? owners[resource.path] ?? nil : resource.tenant
        }
    }

    mutating func note(_ draft: Draft) { drafts.append(draft) }

    /// One more member that differs.
    mutating func name(_ member: String, at index: Int) { drafts[index].fields.append(member) }

    private mutating func note<Definition: Equatable>(
        _ old: [Definition],
        _ new: [Definition],
        _ kind: ResourceReference.Kind,
        path: KeyPath<Definition, String>
    ) throws(StoreError) {
        let changed = ConfigurationWriter.changed(old, new, path: path)
        let gone = ConfigurationWriter.gone(old, new, path: path)
        guard !changed.isEmpty || !gone.isEmpty else { return }
        let before = Dictionary(old.map { ($0[keyPath: path], $0) }, uniquingKeysWith: { first, _ in first })
        for definition in changed {
            let name = definition[keyPath: path]
            drafts.append(try Self.draft(before[name], definition, ResourceReference(kind, name)))
        }
        for definition in gone {
            let resource = ResourceReference(kind, definition[keyPath: path])
            drafts.append(Draft(action: .deleted, resource: resource, before: try Self.text(definition)))
        }
    }

    private static func draft<Definition>(
        _ old: Definition?,
        _ new: Definition,
        _ resource: ResourceReference
    ) throws(StoreError) -> Draft {
        guard let old else { return Draft(action: .created, resource: resource, after: try text(new)) }
        // Compared with their secrets: a value that is not shown is still named when it has changed.
        let fields = Described.difference(
            Described(old, isRevealing: true),
            Described(new, isRevealing: true)
        )
        return Draft(
            action: .updated,
            resource: resource,
            fields: fields,
            before: try text(old),
            after: try text(new)
        )
    }

    private static func text(_ definition: Any) throws(StoreError) -> String {
        let whole = try StoredJSON.text(Described(definition))
        guard whole.utf8.count > longest else { return whole }
        // Still JSON: a string with the beginning.
        return try StoredJSON.text(String(whole.prefix(longest / 4)) + " … (\(whole.utf8.count) bytes)")
    }
}
