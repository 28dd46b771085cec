import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird
import NIOPosix

/// What `/api/v1/tenants` answers.
struct TenantRoutes: Sendable {
    let controlPlane: ControlPlane

    private var store: Store { controlPlane.store }

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let asker = try context.requireOperator()
        let seen = store.tenants().filter { asker.may(.read, in: $0.name) }
        return try Page(seen, request, key: \.name).answer(TenantResource.init)
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(TenantResource(try store.tenant(context.name("tenant"))))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var tenant = try await JSONBody.decode(TenantResource.self, from: request)
        tenant.name = try context.name("tenant", matching: tenant.name, member: "name")
        let outcome = try await store.putTenant(TenantDefinition(tenant), isSuspended: tenant.suspended)
        return .json(TenantResource(try store.tenant(tenant.name)), status: outcome.status)
    }

    @Sendable func suspend(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await set(isSuspended: true, context)
    }

    @Sendable func resume(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await set(isSuspended: false, context)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let name = try context.name("tenant")
        _ = try store.tenant(name)
        // Whoever has the name next sees nothing of what was; of its usage the store has taken care. Captures are forgotten
        // before, for nobody would ask again if that failed, and then those that came meanwhile.
        try await forgetCaptures(of: name)
        try await store.deleteTenant(name)
        try await forgetCaptures(of: name)
        controlPlane.comparisons.removeAll(of: name)
        try await controlPlane.operations.forget(name)
        let shelf = controlPlane.azure.shelf
        try await NIOThreadPool.singleton.runIfActive { try shelf.retire(name) }
        // Where many wait it is refused: the next removal takes up what this one leaves.
        try? await LongDiskWork.shared.run(for: "") { shelf.removeRetired() }
        return .noContent
    }

    private func forgetCaptures(of tenant: String) async throws {
        try await controlPlane.captures.forget(tenant, now: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    private func set(isSuspended: Bool, _ context: AdminRequestContext) async throws -> Response {
        let name = try context.name("tenant")
        _ = isSuspended ? try await store.suspendTenant(name) : try await store.resumeTenant(name)
        return .json(TenantResource(try store.tenant(name)))
    }
}
