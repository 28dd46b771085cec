import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/issuers` answers.
struct TrustedIssuerRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(store.issuers(of: context.name("tenant")), request, key: \.name).answer(IssuerResource.init)
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(IssuerResource(try store.issuer(context.name("tenant"), context.name("issuer"))))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var issuer = try await JSONBody.decode(IssuerResource.self, from: request)
        issuer.tenant = try context.name("tenant", matching: issuer.tenant, member: "tenant")
        issuer.name = try context.name("issuer", matching: issuer.name, member: "name")
        let outcome = try await store.putIssuer(TrustedIssuer(issuer))
        return .json(issuer, status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.deleteIssuer(context.name("tenant"), context.name("issuer"))
        return .noContent
    }
}
