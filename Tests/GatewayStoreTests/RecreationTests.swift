import Foundation
import GatewayCore
import Logging
import Testing

@testable import GatewayStore

/// What is made under a name that was deleted has counters of its own.
@Suite struct RecreationTests {
    @Test func `a change that takes something away tells the counters, and what comes anew begins at zero`()
        async throws
    {
        let joined = try Joined()
        try await joined.make()
        #expect(try joined.areUsed() == [false, false, false, false])
        try joined.take()?.settle(ActualUsage(isAnswered: true), at: joined.now)
        try await joined.receive()
        #expect(throws: Refusal.self) { try joined.take() }
        try await joined.store.deleteTenant("demo")
        try await joined.make()
        #expect(try joined.areUsed() == [false, false, false, false])
        // One runs on while all but the tenant goes.
        let running = try joined.take()
        try await joined.store.revokeNamedKey("demo", "app")
        try await joined.store.deleteEndpoint("demo", "chat")
        running?.settle(ActualUsage(isAnswered: true), at: joined.now)
        try await joined.make()
        #expect(try joined.areUsed() == [true, false, false, false])
    }

    @Test func `an endpoint made anew is as old as it is, one that is changed stays as old as it was`() async throws {
        let temporary = try await TemporaryStore().configured()
        let made = try temporary.store.endpoint("demo", "chat").createdAt
        #expect(abs(made - WallClock.seconds) < 600)
        _ = try await temporary.store.apply(.demo, prune: false, dryRun: false)
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat"))
        #expect(try temporary.store.endpoint("demo", "chat").createdAt == made)
        let served = temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]
        #expect(try served?.access.createdAt == made && temporary.reopened().endpoint("demo", "chat").createdAt == made)
        try await temporary.store.deleteEndpoint("demo", "chat")
        try await temporary.store.change(at: made + 1000) { transaction in
            transaction.put(EndpointDefinition(tenant: "demo", name: "chat"))
        }
        #expect(try temporary.store.endpoint("demo", "chat").createdAt == made + 1000)
    }
}

/// A store and the receipts' sums, joined by the counters as in the gateway.
private final class Joined: Sendable {
    private static let rules = UsageRules(
        limits: [LimitRule(.requests, 1, per: .hour)],
        quotas: [QuotaRule(.requests, 1, per: .month)]
    )
    private static let key = UsageSubject.caller(tenant: "demo", label: "demo#app")
    private static let subjects = [
        .tenant("demo"), .endpoint(tenant: "demo", endpoint: "chat"),
        .deployment(tenant: "demo", endpoint: "chat", deployment: "blue"), key,
    ]

    let store: Store
    let now = Moment(uptime: 1_000_000_000, wall: WallClock.seconds)
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("anew-\(UUID().uuidString)")
    private let receipts: ReceiptStore
    private let registry: UsageRegistry
    private let snapshots = SnapshotBox(.empty)

    init() throws {
        let receipts = try ReceiptStore(path: folder.appendingPathComponent("receipts.db").path)
        self.receipts = receipts
        registry = UsageRegistry(
            history: { subject, start in (try? receipts.usageRows(of: subject, since: start)) ?? [] },
            onForget: { gone in #expect(throws: Never.self) { try receipts.forgetUsage(of: gone) } }
        )
        store = try Store(
            path: folder.appendingPathComponent("gatehouse.db").path,
            compiler: SnapshotCompiler(
                domain: nil,
                runtimeDirectory: "/run/gatehouse",
                instances: InstanceRegistry(),
                access: AccessCompiler(usage: registry)
            ),
            snapshots: snapshots,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:]
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func make() async throws {
        _ = try await store.putTenant(TenantDefinition(name: "demo", rules: Self.rules))
        _ = try await store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat", rules: Self.rules))
        let serving = Serving.upstream(UpstreamDefinition(urls: ["http://203.0.113.7"]))
        var blue = DeploymentDefinition(tenant: "demo", endpoint: "chat", name: "blue", serving: serving)
        blue.rules = Self.rules
        _ = try await store.putDeployment(blue)
        _ = try await store.createNamedKey("demo", "app", KeyTerms(rules: Self.rules))
    }

    func take() throws -> Permit? {
        let tenant = try #require(snapshots.current.tenants["demo"])
        let endpoint = try #require(tenant.endpoints["chat"])
        let scopes = UsageScopes(
            tenant: tenant.usage,
            endpoint: endpoint.usage,
            deployment: endpoint.deployments.first?.usage,
            caller: registry.scope(Self.key, Self.rules)
        )
        return try registry.reserve(scopes, Demand(), address: nil, price: nil, at: now)
    }

    /// The receipt of one exchange that counts.
    func receive() async throws {
        var receipt = Receipt(requestID: "request", startedAt: now.wall * 1_000_000)
        (receipt.tenant, receipt.endpoint, receipt.deployment) = ("demo", "chat", "blue")
        receipt.caller = "demo#app"
        (receipt.status, receipt.upstreamStatus) = (200, 200)
        _ = try await receipts.append([receipt])
    }

    /// Whether the quota of each has been used: the tenant's, the endpoint's, the deployment's, the key's.
    func areUsed() throws -> [Bool] {
        try Self.subjects.map { subject in
            try #require(registry.status(of: subject, at: now).last).used > 0
        }
    }
}
