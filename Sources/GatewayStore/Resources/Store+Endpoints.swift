package import GatewayCore

extension Store {
    package func endpoints(of tenant: String) throws(StoreError) -> [EndpointDefinition] {
        let definitions = definitions
        guard definitions.tenants.contains(where: { $0.name == tenant }) else { throw .notFound(resource: tenant) }
        return definitions.endpoints.filter { $0.tenant == tenant }
    }

    package func endpoint(_ tenant: String, _ name: String) throws(StoreError) -> EndpointDefinition {
        guard let endpoint = definitions.endpoints.first(where: { $0.tenant == tenant && $0.name == name }) else {
            throw .notFound(resource: "\(tenant)/\(name)")
        }
        return endpoint
    }

    /// A new endpoint gets its pair of keys; one that is there keeps it, and its maintenance.
    package func putEndpoint(_ endpoint: EndpointDefinition) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            let before = transaction.definitions.endpoints.first { $0.path == endpoint.path }
            transaction.put(endpoint)
            guard let before else { return .created }
            return transaction.definitions.endpoints.contains(before) ? .unchanged : .updated
        }
    }

    /// Closes an endpoint with a message for its callers, or opens it again with `nil`.
    package func setMaintenance(
        _ tenant: String,
        _ endpoint: String,
        _ maintenance: Maintenance?
    ) async throws(StoreError) -> PutOutcome {
        let path = "\(tenant)/\(endpoint)"
        return try await change { transaction in
            guard let index = transaction.definitions.endpoints.firstIndex(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            if transaction.definitions.endpoints[index].maintenance == maintenance { return .unchanged }
            transaction.definitions.endpoints[index].maintenance = maintenance
            return .updated
        }
    }

    /// With its deployments and keys.
    package func deleteEndpoint(_ tenant: String, _ name: String) async throws(StoreError) {
        let path = "\(tenant)/\(name)"
        try await change { transaction in
            guard let endpoint = transaction.definitions.endpoints.first(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            transaction.removeEndpoint(endpoint)
        }
    }
}
