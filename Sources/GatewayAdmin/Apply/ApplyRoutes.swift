import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/apply` answers.
struct ApplyRoutes: Sendable {
    let store: Store

    @Sendable func apply(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(ApplyRequest.self, from: request)
        let tenants = Set(asked.endpoints.map(\.tenant) + asked.deployments.map(\.tenant)).sorted()
        let documents = ApplyDocuments(
            tenants: tenants.map { TenantDefinition(name: $0) },
            endpoints: try asked.endpoints.map { try EndpointDefinition($0) },
            deployments: try asked.deployments.map { try DeploymentDefinition($0) }
        )
        let changes = try await store.apply(documents, prune: asked.prune, dryRun: asked.dryRun)
        return .json(
            ApplyResult(
                changes: changes.map {
                    ApplyResult.Change(action: $0.action.rawValue, resource: $0.resource, fields: $0.fields)
                },
                dryRun: asked.dryRun
            )
        )
    }
}
