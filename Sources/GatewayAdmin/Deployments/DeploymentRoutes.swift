import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/deployments` answers.
struct DeploymentRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try controlPlane.store.deployments(of: context.name("tenant"), context.name("endpoint"))
        return .json(ResourceList(found.map(resource)))
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try controlPlane.store.deployment(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        return .json(resource(found))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var deployment = try await JSONBody.decode(DeploymentResource.self, from: request)
        deployment.tenant = try context.name("tenant", matching: deployment.tenant, member: "tenant")
        deployment.endpoint = try context.name("endpoint", matching: deployment.endpoint, member: "endpoint")
        deployment.name = try context.name("deployment", matching: deployment.name, member: "name")
        let definition = try DeploymentDefinition(deployment)
        let outcome = try await controlPlane.store.putDeployment(definition)
        return .json(resource(definition), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await controlPlane.store.deleteDeployment(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        return .noContent
    }

    private func resource(_ deployment: DeploymentDefinition) -> DeploymentResource {
        var resource = DeploymentResource(deployment)
        resource.isReady = controlPlane.isReady("\(deployment.tenant)/\(deployment.endpoint)/\(deployment.name)")
        resource.effective = deployment.effectiveValues
        return resource
    }
}
