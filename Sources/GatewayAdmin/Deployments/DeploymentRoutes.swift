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

    /// The last lines of the deployment's log: `?tail=` of them, 50 by default.
    @Sendable func logs(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let found = try controlPlane.store.deployment(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        let asked = request.uri.queryParameters["tail"].map(String.init)
        let tail = asked.map { Int($0) ?? 0 } ?? Self.usualTail
        guard (1...Self.longestTail).contains(tail) else {
            throw APIError(.invalid, "tail must be 1 to \(Self.longestTail)", target: "tail")
        }
        let path = "\(found.tenant)/\(found.endpoint)/\(found.name)"
        return .json(ResourceList(await controlPlane.collaborators.deploymentLogs(path, tail)))
    }

    private static let usualTail = 50
    private static let longestTail = 1000

    private func resource(_ deployment: DeploymentDefinition) -> DeploymentResource {
        var resource = DeploymentResource(deployment)
        let path = "\(deployment.tenant)/\(deployment.endpoint)/\(deployment.name)"
        resource.isReady = controlPlane.isReady(path)
        resource.instances = controlPlane.collaborators.instances(path)
        resource.effective = deployment.effectiveValues
        return resource
    }
}
