package import GatewayCore

extension Store {
    package func deployments(of tenant: String, _ endpoint: String) throws(StoreError) -> [DeploymentDefinition] {
        let owner = try self.endpoint(tenant, endpoint).path
        return definitions.deployments.filter { $0.endpointPath == owner }
    }

    package func deployment(
        _ tenant: String,
        _ endpoint: String,
        _ name: String
    ) throws(StoreError) -> DeploymentDefinition {
        let path = "\(tenant)/\(endpoint)/\(name)"
        guard let deployment = definitions.deployments.first(where: { $0.path == path }) else {
            throw .notFound(resource: path)
        }
        return deployment
    }

    /// - Parameters:
    ///   - isOwners: whether the configuration file says what serves it: then it is the owner's word, whoever asks.
    ///   - model: registered in the same change.
    package func putDeployment(
        _ deployment: DeploymentDefinition,
        isOwners: Bool = false,
        registering model: ModelRegistration? = nil
    ) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            if let model { _ = try transaction.register(model) }
            return transaction.put(deployment, isOwners: isOwners)
        }
    }

    /// Refused while the endpoint's traffic leads to it; one that nothing serves is forgotten.
    package func deleteDeployment(_ tenant: String, _ endpoint: String, _ name: String) async throws(StoreError) {
        guard try await unservedDeployment(tenant, endpoint, name) == nil else {
            try await forgetAzureDeployment(tenant, endpoint, name)
            let path = "\(tenant)/\(endpoint)/\(name)"
            return try await change { $0.definitions.secrets.removeAll { $0.deploymentPath == path } }
        }
        try await deleteServed(tenant, endpoint, name)
    }

    private func deleteServed(_ tenant: String, _ endpoint: String, _ name: String) async throws(StoreError) {
        let path = "\(tenant)/\(endpoint)/\(name)"
        try await change { transaction in
            guard let deployment = transaction.definitions.deployments.first(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            let owner = transaction.definitions.endpoints.first { $0.path == deployment.endpointPath }
            if let message = owner?.use(of: name) {
                throw StoreError.conflict(Problem(.invalidTraffic, path, field: "traffic", message))
            }
            transaction.removeDeployment(deployment)
        }
    }
}
