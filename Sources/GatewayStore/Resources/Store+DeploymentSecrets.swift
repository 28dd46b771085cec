import GatewayCore

/// A secret of a deployment as it may be shown: without its value.
package struct KeptSecret: Sendable, Equatable {
    package let name: String
    /// Names of the deployment's headers that refer to it.
    package let headers: [String]
    /// Seconds since 1970.
    package let changedAt: Int64
}

extension Store {
    /// By name; there may be some before there is the deployment.
    package func deploymentSecrets(
        of tenant: String,
        _ endpoint: String,
        _ deployment: String
    ) throws(StoreError) -> [KeptSecret] {
        let path = "\(tenant)/\(endpoint)/\(deployment)"
        let definitions = definitions
        let found = definitions.secrets.filter { $0.deploymentPath == path }
        guard !found.isEmpty || definitions.deployments.contains(where: { $0.path == path }) else {
            throw .notFound(resource: path)
        }
        return found.map { KeptSecret($0, in: definitions) }
    }

    /// Used by the running gateway when it returns.
    package func putDeploymentSecret(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String,
        _ name: String,
        _ value: String
    ) async throws(StoreError) -> (outcome: PutOutcome, secret: KeptSecret) {
        _ = try self.tenant(tenant)
        return try await change { transaction in
            var secret = DeploymentSecret(
                tenant: tenant,
                endpoint: endpoint,
                deployment: deployment,
                name: name,
                value: value,
                changedAt: transaction.now
            )
            let before = transaction.definitions.secrets.first { $0.path == secret.path }
            if let before, before.value == value { secret = before }
            transaction.definitions.secrets.removeAll { $0.path == secret.path }
            transaction.definitions.secrets.append(secret)
            return (PutOutcome(before, secret), KeptSecret(secret, in: transaction.definitions))
        }
    }

    /// Refused while a header refers to it.
    package func deleteDeploymentSecret(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String,
        _ name: String
    ) async throws(StoreError) {
        let path = DeploymentSecret.path(tenant, endpoint, deployment, name)
        try await change { transaction in
            guard let secret = transaction.definitions.secrets.first(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            let kept = KeptSecret(secret, in: transaction.definitions)
            guard kept.headers.isEmpty else {
                let headers = kept.headers.joined(separator: ", ")
                let message = "\(secret.deploymentPath) refers to \(name) in \(headers); take it out of there first"
                throw StoreError.conflict(Problem(.secretRefused, path, message))
            }
            transaction.definitions.secrets.removeAll { $0.path == path }
        }
    }
}

extension KeptSecret {
    fileprivate init(_ secret: DeploymentSecret, in definitions: Definitions) {
        var headers: [UpstreamHeader] = []
        if let owner = definitions.deployments.first(where: { $0.path == secret.deploymentPath }),
            case .upstream(let upstream) = owner.serving
        {
            headers = upstream.headers
        }
        self.init(
            name: secret.name,
            headers: headers.filter { $0.value.contains(secret.reference) }.map(\.name),
            changedAt: secret.changedAt
        )
    }
}
