package import GatewayCore

/// Documents that the store is to match.
package struct ApplyDocuments: Sendable, Equatable {
    package var tenants: [TenantDefinition]
    /// Whether a tenant is suspended, where its document says so.
    package var suspensions: [String: Bool]
    package var endpoints: [EndpointDefinition]
    package var deployments: [DeploymentDefinition]
    /// Of the deployments, the paths of those of which the configuration file says what serves them.
    package var ownersWord: Set<String> = []
    /// Files that the pool is to run.
    package var models: [ModelRegistration] = []
    package var issuers: [TrustedIssuer]
    package var roles: [RoleAssignment]
    package var webhooks: [WebhookDefinition]

    package init(
        tenants: [TenantDefinition] = [],
        endpoints: [EndpointDefinition] = [],
        deployments: [DeploymentDefinition] = [],
        issuers: [TrustedIssuer] = [],
        roles: [RoleAssignment] = [],
        webhooks: [WebhookDefinition] = []
    ) {
        self.tenants = tenants
        suspensions = [:]
        self.endpoints = endpoints
        self.deployments = deployments
        self.issuers = issuers
        self.roles = roles
        self.webhooks = webhooks
    }

    /// Every tenant that a document names.
    fileprivate var tenantNames: Set<String> {
        let resources = Set(tenants.map(\.name) + endpoints.map(\.tenant) + deployments.map(\.tenant))
        return resources.union(issuers.map(\.tenant) + roles.map(\.tenant) + webhooks.map(\.tenant))
    }

    /// By kind: an endpoint may be called `roles`, so that one of its deployments reads like a role.
    fileprivate var pathsByKind: [[String]] {
        [
            tenants.map(\.path), endpoints.map(\.path), deployments.map(\.path), issuers.map(\.path), roles.map(\.path),
            webhooks.map(\.path),
        ]
    }

    /// Documents that describe one resource twice: which of them would win is nobody's guess.
    fileprivate var repeated: [Problem] {
        pathsByKind.flatMap { paths in
            var seen: Set<String> = []
            return paths.filter { !seen.insert($0).inserted }
                .map { Problem(.duplicate, $0, "is described twice; keep one document") }
        }
    }
}

extension Store {
    /// Makes the store match the documents, all or nothing.
    ///
    /// Missing tenants are made; keys are kept, and so is what an operator switches: maintenance, and suspension where no
    /// document says otherwise.
    ///
    /// - Parameters:
    ///   - prune: removes what the tenants that the documents name have and the documents do not name: endpoints,
    ///     deployments, issuers, roles and webhooks. Named keys and principals stay: no document describes one.
    ///   - dryRun: validates and compiles, says what would change, and keeps nothing.
    package func apply(_ documents: ApplyDocuments, prune: Bool, dryRun: Bool) async throws(StoreError) -> [Change] {
        let body: @Sendable (inout StoreTransaction) throws -> [Change] = { transaction in
            let old = transaction.definitions
            let repeated = documents.repeated
            guard repeated.isEmpty else { throw StoreError.invalid(repeated) }
            try transaction.merge(documents)
            if prune { transaction.prune(except: documents) }
            return ChangeList(old: old, new: transaction.definitions.sorted).changes(
                named: Set(documents.pathsByKind.joined())
            )
        }
        return dryRun ? try await rehearse(body) : try await change(body)
    }
}

extension StoreTransaction {
    fileprivate mutating func merge(_ documents: ApplyDocuments) throws {
        isApplying = true
        for tenant in documents.tenants { put(tenant, isSuspended: documents.suspensions[tenant.name]) }
        for name in documents.tenantNames where !definitions.tenants.contains(where: { $0.name == name }) {
            definitions.tenants.append(TenantDefinition(name: name))
        }
        for model in documents.models { _ = try register(model) }
        for endpoint in documents.endpoints { put(endpoint) }
        for deployment in documents.deployments {
            put(deployment, isOwners: documents.ownersWord.contains(deployment.path))
        }
        for issuer in documents.issuers { put(issuer) }
        for role in documents.roles { put(role) }
        for webhook in documents.webhooks { put(webhook) }
    }

    fileprivate mutating func prune(except documents: ApplyDocuments) {
        let tenants = documents.tenantNames
        let endpoints = Set(documents.endpoints.map(\.path))
        for endpoint in definitions.endpoints
        where tenants.contains(endpoint.tenant) && !endpoints.contains(endpoint.path) {
            removeEndpoint(endpoint)
        }
        let deployments = Set(documents.deployments.map(\.path))
        for deployment in definitions.deployments
        where tenants.contains(deployment.tenant) && !deployments.contains(deployment.path) {
            removeDeployment(deployment)
        }
        let issuers = Set(documents.issuers.map(\.path))
        definitions.issuers.removeAll { tenants.contains($0.tenant) && !issuers.contains($0.path) }
        let roles = Set(documents.roles.map(\.path))
        definitions.roles.removeAll { tenants.contains($0.tenant) && !roles.contains($0.path) }
        let webhooks = Set(documents.webhooks.map(\.path))
        definitions.webhooks.removeAll { tenants.contains($0.tenant) && !webhooks.contains($0.path) }
    }
}
