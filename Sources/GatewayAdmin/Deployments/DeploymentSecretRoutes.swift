import GatewayAPI
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/deployments/{deployment}/secrets` answers: never a value.
struct DeploymentSecretRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try store.deploymentSecrets(
            of: context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        return try Page(found, request, key: \.name).answer { DeploymentSecretResource($0) }
    }

    /// Requests have the new value from the answer on.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(DeploymentSecretRequest.self, from: request)
        let (outcome, secret) = try await store.putDeploymentSecret(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment"),
            context.name("secret"),
            asked.value
        )
        return .json(DeploymentSecretResource(secret), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.deleteDeploymentSecret(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment"),
            context.name("secret")
        )
        return .noContent
    }
}

extension DeploymentSecretResource {
    fileprivate init(_ secret: KeptSecret) {
        self.init(name: secret.name, headers: secret.headers, changedAt: WireTime.text(secret.changedAt))
    }
}
