import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/principals` answers; a principal is named by its client id or its name.
struct PrincipalRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(store.principals(of: context.name("tenant")), request, key: \.clientID)
            .answer { PrincipalResource($0) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(PrincipalResource(try find(context)))
    }

    /// Makes a principal with one secret, or those that the body asks for.
    @Sendable func create(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(PrincipalResource.self, from: request)
        let tenant = try context.name("tenant", matching: asked.tenant, member: "tenant")
        let expiries = try (asked.secrets ?? [PrincipalSecretResource()]).map { try $0.expiry() }
        let issued = try await store.makePrincipal(asked, of: tenant, expiries: expiries)
        let principal = try store.principal(tenant, issued.clientID)
        return .json(PrincipalResource(principal, issued: issued.secrets), status: .created)
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(PrincipalResource.self, from: request)
        let tenant = try context.name("tenant", matching: asked.tenant, member: "tenant")
        let principal = try find(context)
        guard asked.name.isEmpty || asked.name == principal.name,
            asked.clientId == nil || asked.clientId?.lowercased() == principal.clientID
        else {
            throw APIError(.invalid, "the name and the client id of a principal stay as they are", target: "name")
        }
        if let isDisabled = asked.disabled {
            _ = try await store.setPrincipal(tenant, principal.clientID, isDisabled: isDisabled)
        }
        return .json(PrincipalResource(try store.principal(tenant, principal.clientID)))
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let principal = try find(context)
        try await store.deletePrincipal(principal.tenant, principal.clientID)
        return .noContent
    }

    @Sendable func addSecret(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(PrincipalSecretResource.self, from: request)
        let principal = try find(context)
        let issued = try await store.addPrincipalSecret(
            principal.tenant,
            principal.clientID,
            expiresAt: asked.expiry()
        )
        return .json(PrincipalSecretResource(issued), status: .created)
    }

    @Sendable func removeSecret(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let principal = try find(context)
        try await store.removePrincipalSecret(principal.tenant, principal.clientID, context.name("secret"))
        return .noContent
    }

    private func find(_ context: AdminRequestContext) throws -> Principal {
        try store.findPrincipal(context.name("tenant"), context.name("principal"))
    }
}
