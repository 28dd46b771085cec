import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints` answers.
struct EndpointRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let endpoints = try controlPlane.store.endpoints(of: context.name("tenant"))
        return try Page(endpoints, request, key: \.name).answer(resource)
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(resource(try controlPlane.store.endpoint(context.name("tenant"), context.name("endpoint"))))
    }

    /// Stored and served when it is answered; the operation ends when the deployments that get requests by it are ready.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var endpoint = try await JSONBody.decode(EndpointResource.self, from: request)
        endpoint.tenant = try context.name("tenant", matching: endpoint.tenant, member: "tenant")
        endpoint.name = try context.name("endpoint", matching: endpoint.name, member: "name")
        let definition = try EndpointDefinition(endpoint)
        let before = try? controlPlane.store.endpoint(definition.tenant, definition.name)
        let definitions = controlPlane.store.definitions
        let plan = OperationPlan(
            putting: definition,
            leadingTo: definition.deploymentsLedTo(over: before, in: definitions),
            isNew: before == nil,
            in: definitions
        )
        let (outcome, operation) = try await controlPlane.operations.perform(plan) {
            try await controlPlane.store.putEndpoint(definition)
        }
        // The store keeps the maintenance of an endpoint that is there: only a body that has one changes it.
        if let maintenance = definition.maintenance {
            _ = try await controlPlane.store.setMaintenance(definition.tenant, definition.name, maintenance)
        }
        let stored = try controlPlane.store.endpoint(definition.tenant, definition.name)
        return .json(resource(stored), status: outcome.status).following(operation)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (tenant, name) = (try context.name("tenant"), try context.name("endpoint"))
        let plan = OperationPlan(deleting: "\(tenant)/\(name)", of: tenant)
        let (_, operation) = try await controlPlane.operations.perform(plan) {
            try await controlPlane.store.deleteEndpoint(tenant, name)
        }
        return .noContent.following(operation)
    }

    @Sendable func startMaintenance(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(MaintenanceResource.self, from: request)
        return try await set(Maintenance(asked), context)
    }

    @Sendable func endMaintenance(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await set(nil, context)
    }

    private func set(_ maintenance: Maintenance?, _ context: AdminRequestContext) async throws -> Response {
        let (tenant, name) = (try context.name("tenant"), try context.name("endpoint"))
        _ = try await controlPlane.store.setMaintenance(tenant, name, maintenance)
        return .json(resource(try controlPlane.store.endpoint(tenant, name)))
    }

    private func resource(_ endpoint: EndpointDefinition) -> EndpointResource {
        var resource = EndpointResource(endpoint, publicURL: controlPlane.publicURL)
        resource.provisioningState = controlPlane.operations.provisioningState(of: endpoint.path).rawValue
        return resource
    }
}
