import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants` answers.
struct TenantRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(ResourceList(store.tenants().map { TenantResource(name: $0.name) }))
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(TenantResource(name: try store.tenant(context.name("tenant")).name))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var tenant = try await JSONBody.decode(TenantResource.self, from: request)
        tenant.name = try context.name("tenant", matching: tenant.name, member: "name")
        let outcome = try await store.putTenant(TenantDefinition(name: tenant.name))
        return .json(tenant, status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.deleteTenant(context.name("tenant"))
        return .noContent
    }
}
