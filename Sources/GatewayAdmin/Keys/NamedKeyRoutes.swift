import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/keys` answers.
struct NamedKeyRoutes: Sendable {
    let store: Store
    let receipts: ReceiptStore

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let keys = try store.namedKeys(of: context.name("tenant"))
        let page = try Page(keys, request, key: \.name)
        let used = try await receipts.lastUsed()
        return page.answer { NamedKeyResource($0, lastUsedAt: used[$0.label]) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        .json(try await resource(context.name("tenant"), context.name("key")))
    }

    @Sendable func create(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let key = try await JSONBody.decode(NamedKeyResource.self, from: request)
        let tenant = try context.name("tenant", matching: key.tenant, member: "tenant")
        let issued = try await store.createNamedKey(tenant, key.name, KeyTerms(key))
        return .json(NamedKeyResource(issued.key, secret: issued.secret), status: .created)
    }

    /// Changes the terms of a key that is there: a new one would need its secret shown.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let key = try await JSONBody.decode(NamedKeyResource.self, from: request)
        let tenant = try context.name("tenant", matching: key.tenant, member: "tenant")
        let name = try context.name("key", matching: key.name, member: "name")
        _ = try await store.updateNamedKey(tenant, name, KeyTerms(key), keepsDisabled: key.disabled == nil)
        return .json(try await resource(tenant, name))
    }

    @Sendable func rotate(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(KeyRotation.self, from: request)
        let issued = try await store.rotateNamedKey(
            context.name("tenant"),
            context.name("key"),
            grace: KeyGrace.seconds(asked.graceSeconds)
        )
        return .json(NamedKeyResource(issued.key, secret: issued.secret))
    }

    @Sendable func revoke(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.revokeNamedKey(context.name("tenant"), context.name("key"))
        return .noContent
    }

    private func resource(_ tenant: String, _ name: String) async throws -> NamedKeyResource {
        let key = try store.namedKey(tenant, name)
        return NamedKeyResource(key, lastUsedAt: try await receipts.lastUsed(of: key.label))
    }
}
