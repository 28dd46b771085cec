import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct TenantTests {
    private static let whole = TenantDefinition(
        name: "demo",
        subscription: "11111111-2222-3333-4444-555555555555",
        resourceGroup: "models",
        rules: UsageRules(
            limits: [LimitRule(.tokens, 100_000, per: .minute)],
            quotas: [QuotaRule(.requests, 1000, per: .week)]
        ),
        cors: CORSRule(allowedOrigins: ["https://app.example.com"], maxAge: 60),
        queueWeight: 3
    )

    @Test func `labels, limits and rules come back as they were put`() async throws {
        let temporary = try await TemporaryStore().configured()
        #expect(try await temporary.store.putTenant(Self.whole) == .updated)
        #expect(try await temporary.store.putTenant(Self.whole) == .unchanged)
        #expect(try temporary.reopened().tenant("demo") == Self.whole)
        let tenant = try #require(temporary.snapshots.current.tenants["demo"])
        #expect(tenant.usage?.rules == Self.whole.rules && tenant.queueWeight == 3)
        // Endpoints that say nothing of other origins have what their tenant says.
        #expect(tenant.endpoints["chat"]?.cors?.rule == Self.whole.cors)
        try await temporary.store.deleteTenant("demo")
        #expect(try temporary.reopened().definitions == Definitions())
    }

    @Test func `a change of the queue weight alone is served, named and in the log`() async throws {
        let temporary = try await TemporaryStore().configured()
        var documents = ApplyDocuments()
        documents.tenants = [TenantDefinition(name: "demo", queueWeight: 7)]
        let changes = try await temporary.store.apply(documents, prune: false, dryRun: false)
        #expect(changes.map(\.fields) == [["queueWeight"]])
        #expect(temporary.snapshots.current.tenants["demo"]?.queueWeight == 7)
        let entry = try #require(try await temporary.store.auditEntries(limit: 1).first)
        #expect(entry.fields == ["queueWeight"])
        #expect(entry.before?.contains(#""queueWeight":1"#) == true)
        #expect(entry.after?.contains(#""queueWeight":7"#) == true)
    }

    @Test func `a suspended tenant stays suspended until it is resumed`() async throws {
        let temporary = try await TemporaryStore().configured()
        #expect(try await temporary.store.suspendTenant("demo") == .updated)
        #expect(try await temporary.store.suspendTenant("demo") == .unchanged)
        #expect(temporary.snapshots.current.tenants["demo"]?.isSuspended == true)
        #expect(try await temporary.store.putTenant(Self.whole) == .updated)
        _ = try await temporary.store.apply(.demo, prune: false, dryRun: false)
        #expect(try temporary.reopened().tenant("demo").isSuspended)
        #expect(try await temporary.store.resumeTenant("demo") == .updated)
        #expect(temporary.snapshots.current.tenants["demo"]?.isSuspended == false)
        await #expect(throws: StoreError.notFound(resource: "nobody")) {
            try await temporary.store.suspendTenant("nobody")
        }
    }

    @Test func `a tenant that goes leaves nothing in any table`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "other"))
        let kept = try await temporary.store.createNamedKey("other", "kept", KeyTerms()).secret
        try await temporary.store.deleteTenant("demo")
        let tables = ["endpoints", "endpoint_keys", "principals", "principal_secrets", "issuers", "roles", "webhooks"]
        let left = try await temporary.store.pool.read { database in
            try tables.map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? -1 }
        }
        #expect(left == tables.map { _ in 0 })
        let digests = try await temporary.store.pool.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM key_digests")
        }
        #expect(digests == 1)
        #expect(temporary.snapshots.current.keyring.identify(kept) != nil)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `maintenance is switched by itself and survives a put`() async throws {
        let temporary = try await TemporaryStore().configured()
        let maintenance = Maintenance(message: "Back at nine", retryAfter: 600)
        #expect(try await temporary.store.setMaintenance("demo", "chat", maintenance) == .updated)
        #expect(try await temporary.store.setMaintenance("demo", "chat", maintenance) == .unchanged)
        let served = { temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]?.access.maintenance }
        #expect(served() == maintenance)
        #expect(try await temporary.store.putEndpoint(ApplyDocuments.demo.endpoints[0]) == .unchanged)
        #expect(served() == maintenance)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        #expect(try await temporary.store.setMaintenance("demo", "chat", nil) == .updated)
        #expect(served() == nil)
    }
}
