package import GatewayCore

/// Documents that the store is to match.
package struct ApplyDocuments: Sendable, Equatable {
    package var tenants: [TenantDefinition]
    package var endpoints: [EndpointDefinition]
    package var deployments: [DeploymentDefinition]

    package init(
        tenants: [TenantDefinition] = [],
        endpoints: [EndpointDefinition] = [],
        deployments: [DeploymentDefinition] = []
    ) {
        self.tenants = tenants
        self.endpoints = endpoints
        self.deployments = deployments
    }

    /// Every tenant that a document names.
    fileprivate var tenantNames: Set<String> {
        Set(tenants.map(\.name) + endpoints.map(\.tenant) + deployments.map(\.tenant))
    }

    fileprivate var paths: [String] {
        tenants.map(\.path) + endpoints.map(\.path) + deployments.map(\.path)
    }

    /// Documents that describe one resource twice: which of them would win is nobody's guess.
    fileprivate var repeated: [Problem] {
        var seen: Set<String> = []
        return paths.filter { !seen.insert($0).inserted }
            .map { Problem(.duplicate, $0, "is described twice; keep one document") }
    }
}

extension Store {
    /// Makes the store match the documents, all or nothing.
    ///
    /// Missing tenants are made, keys are kept.
    ///
    /// - Parameters:
    ///   - prune: removes endpoints and deployments, of the tenants that the documents name, that they do not name.
    ///   - dryRun: validates and compiles, says what would change, and keeps nothing.
    package func apply(_ documents: ApplyDocuments, prune: Bool, dryRun: Bool) async throws(StoreError) -> [Change] {
        let body: @Sendable (inout StoreTransaction) throws -> [Change] = { transaction in
            let old = transaction.definitions
            let repeated = documents.repeated
            guard repeated.isEmpty else { throw StoreError.invalid(repeated) }
            transaction.merge(documents)
            if prune { transaction.prune(except: documents) }
            return ChangeList(old: old, new: transaction.definitions.sorted).changes(named: Set(documents.paths))
        }
        return dryRun ? try await rehearse(body) : try await change(body)
    }
}

extension StoreTransaction {
    fileprivate mutating func merge(_ documents: ApplyDocuments) {
        for name in documents.tenantNames where !definitions.tenants.contains(where: { $0.name == name }) {
            definitions.tenants.append(TenantDefinition(name: name))
        }
        for endpoint in documents.endpoints { put(endpoint) }
        for deployment in documents.deployments { put(deployment) }
    }

    fileprivate mutating func prune(except documents: ApplyDocuments) {
        let tenants = documents.tenantNames
        let kept = Set(documents.paths)
        for endpoint in definitions.endpoints where tenants.contains(endpoint.tenant) && !kept.contains(endpoint.path) {
            removeEndpoint(endpoint.path)
        }
        for deployment in definitions.deployments
        where tenants.contains(deployment.tenant) && !kept.contains(deployment.path) {
            removeDeployment(deployment)
        }
    }
}
