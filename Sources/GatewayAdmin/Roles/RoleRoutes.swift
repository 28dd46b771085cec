import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/roles` answers.
struct RoleRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(store.roles(of: context.name("tenant")), request, key: \.name).answer(RoleResource.init)
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(RoleResource(try store.role(context.name("tenant"), context.name("role"))))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var role = try await JSONBody.decode(RoleResource.self, from: request)
        role.tenant = try context.name("tenant", matching: role.tenant, member: "tenant")
        role.name = try context.name("role", matching: role.name, member: "name")
        let assignment = try RoleAssignment(role)
        let outcome = try await store.putRole(assignment)
        return .json(RoleResource(assignment), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.deleteRole(context.name("tenant"), context.name("role"))
        return .noContent
    }
}
