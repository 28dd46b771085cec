import GatewayAPI
import GatewayCore
import GatewayStore

/// Documents of named keys and principals: a new one is answered with its secret, one that is there keeps the one it has.
///
/// `prune` never removes any: an application would lose its access.
struct CredentialDocuments {
    private let keys: [(resource: NamedKeyResource, terms: KeyTerms)]
    private let principals: [PrincipalResource]

    init(_ asked: ApplyRequest) throws(APIError) {
        var keys: [(resource: NamedKeyResource, terms: KeyTerms)] = []
        for key in asked.keys { keys.append((key, try KeyTerms(key))) }
        self.keys = keys
        principals = asked.principals
    }

    /// Finds what the store would refuse before anything is written: all of an apply happens, or nothing.
    func rehearse(beside documents: ApplyDocuments, in store: Store) throws(StoreError) {
        guard !keys.isEmpty || !principals.isEmpty else { return }
        var definitions = store.definitions.merged(with: documents)
        for (resource, terms) in keys {
            definitions.namedKeys.removeAll { $0.tenant == resource.tenant && $0.name == resource.name }
            definitions.namedKeys.append(NamedKey(resource, terms))
        }
        for principal in principals where find(principal, in: store) == nil {
            definitions.principals.append(
                Principal(
                    tenant: principal.tenant,
                    clientID: principal.clientId?.lowercased() ?? Self.placeholder,
                    name: principal.name
                )
            )
        }
        let ours = Set(keys.map { "\($0.resource.tenant)/keys/\($0.resource.name)" })
        do throws(StoreError) {
            _ = try store.compiler.compile(definitions)
        } catch .invalid(let problems) {
            // The rest is the store's own to tell, with the same words.
            let found = problems.filter { ours.contains($0.resource) || $0.resource.contains("/principals/") }
            guard found.isEmpty else { throw .invalid(found) }
        } catch {
            throw error
        }
    }

    /// What `apply(to:)` would do.
    func changes(in store: Store) -> [ApplyResult.Change] {
        keys.map { resource, terms in
            let before = try? store.namedKey(resource.tenant, resource.name)
            return change(resource, before, terms.keeping(resource, before))
        }
            + principals.map { principal in
                change(principal, find(principal, in: store))
            }
    }

    func apply(to store: Store) async throws -> [ApplyResult.Change] {
        var changes: [ApplyResult.Change] = []
        for (resource, terms) in keys { changes.append(try await apply(resource, terms, to: store)) }
        for principal in principals { changes.append(try await apply(principal, to: store)) }
        return changes
    }

    private func apply(
        _ resource: NamedKeyResource,
        _ terms: KeyTerms,
        to store: Store
    ) async throws -> ApplyResult.Change {
        let before = try? store.namedKey(resource.tenant, resource.name)
        let terms = terms.keeping(resource, before)
        var change = change(resource, before, terms)
        if before == nil {
            change.secret = try await store.createNamedKey(resource.tenant, resource.name, terms).secret
        } else if change.action == "updated" {
            let keepsDisabled = resource.disabled == nil
            _ = try await store.updateNamedKey(resource.tenant, resource.name, terms, keepsDisabled: keepsDisabled)
        }
        return change
    }

    private func apply(_ principal: PrincipalResource, to store: Store) async throws -> ApplyResult.Change {
        let before = find(principal, in: store)
        var change = change(principal, before)
        if let before {
            guard change.action == "updated", let isDisabled = principal.disabled else { return change }
            _ = try await store.setPrincipal(before.tenant, before.clientID, isDisabled: isDisabled)
        } else {
            let made = try await store.makePrincipal(principal, of: principal.tenant, expiries: [nil])
            change.clientId = made.clientID
            change.secret = made.secrets.first?.secret
        }
        return change
    }

    private func change(_ resource: NamedKeyResource, _ before: NamedKey?, _ terms: KeyTerms) -> ApplyResult.Change {
        let path = "\(resource.tenant)/keys/\(resource.name)"
        guard let old = before?.terms else { return ApplyResult.Change(action: "created", resource: path) }
        let fields = [
            ("endpoints", old.endpoints != terms.endpoints), ("forms", old.forms != terms.forms),
            ("expiresAt", old.expiresAt != terms.expiresAt),
            ("allowedNetworks", old.allowedNetworks != terms.allowedNetworks),
            ("rateLimits", old.rules.limits != terms.rules.limits), ("quotas", old.rules.quotas != terms.rules.quotas),
            ("queueWeight", old.queueWeight != terms.queueWeight), ("disabled", old.isDisabled != terms.isDisabled),
        ].filter(\.1).map(\.0)
        return ApplyResult.Change(action: fields.isEmpty ? "unchanged" : "updated", resource: path, fields: fields)
    }

    private func change(_ principal: PrincipalResource, _ before: Principal?) -> ApplyResult.Change {
        let path = "\(principal.tenant)/principals/\(principal.name)"
        guard let before else { return ApplyResult.Change(action: "created", resource: path) }
        let isUpdated = principal.disabled.map { $0 != before.isDisabled } ?? false
        let fields = isUpdated ? ["disabled"] : []
        return ApplyResult.Change(action: isUpdated ? "updated" : "unchanged", resource: path, fields: fields)
    }

    /// By its client id where the document has one, else by its name.
    private func find(_ principal: PrincipalResource, in store: Store) -> Principal? {
        try? store.findPrincipal(principal.tenant, principal.clientId ?? principal.name)
    }

    private static let placeholder = "00000000-0000-4000-8000-000000000000"
}

extension KeyTerms {
    /// A document that does not say whether its key is disabled leaves that as it is.
    fileprivate func keeping(_ resource: NamedKeyResource, _ before: NamedKey?) -> KeyTerms {
        var terms = self
        if resource.disabled == nil, let before { terms.isDisabled = before.isDisabled }
        return terms
    }
}

extension Definitions {
    /// With what documents describe in place of what is there.
    fileprivate func merged(with documents: ApplyDocuments) -> Definitions {
        var merged = self
        let tenants = Set(documents.tenants.map(\.name))
        merged.tenants.removeAll { tenants.contains($0.name) }
        merged.tenants += documents.tenants
        let named = Set(merged.tenants.map(\.name))
        for name in Set(documents.endpoints.map(\.tenant)).subtracting(named) {
            merged.tenants.append(TenantDefinition(name: name))
        }
        let endpoints = Set(documents.endpoints.map(\.path))
        merged.endpoints.removeAll { endpoints.contains($0.path) }
        merged.endpoints += documents.endpoints
        let deployments = Set(documents.deployments.map(\.path))
        merged.deployments.removeAll { deployments.contains($0.path) }
        merged.deployments += documents.deployments
        return merged
    }
}
