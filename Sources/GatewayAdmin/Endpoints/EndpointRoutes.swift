import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints` answers.
struct EndpointRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let endpoints = try controlPlane.store.endpoints(of: context.name("tenant"))
        return .json(ResourceList(endpoints.map(resource)))
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(resource(try controlPlane.store.endpoint(context.name("tenant"), context.name("endpoint"))))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var endpoint = try await JSONBody.decode(EndpointResource.self, from: request)
        endpoint.tenant = try context.name("tenant", matching: endpoint.tenant, member: "tenant")
        endpoint.name = try context.name("endpoint", matching: endpoint.name, member: "name")
        let definition = try EndpointDefinition(endpoint)
        let outcome = try await controlPlane.store.putEndpoint(definition)
        return .json(resource(definition), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await controlPlane.store.deleteEndpoint(context.name("tenant"), context.name("endpoint"))
        return .noContent
    }

    private func resource(_ endpoint: EndpointDefinition) -> EndpointResource {
        EndpointResource(endpoint, publicURL: controlPlane.publicURL)
    }
}
