import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct DeploymentSecretTests {
    private static let canary = "canary-of-a-secret"

    private static func red(_ header: String, urls: [String] = ["http://127.0.0.1:9000"]) -> DeploymentDefinition {
        DeploymentDefinition(
            tenant: "demo",
            endpoint: "chat",
            name: "red",
            serving: .upstream(
                UpstreamDefinition(urls: urls, headers: [UpstreamHeader(name: "authorization", value: header)])
            )
        )
    }

    /// The store with the deployment `red`, whose header refers to a secret that has the canary.
    private static func prepared() async throws -> TemporaryStore {
        let temporary = try await TemporaryStore().configured()
        let outcome = try await set(temporary.store, canary)
        #expect(outcome == .created)
        _ = try await temporary.store.putDeployment(red("Bearer ${secret:backend-key}"))
        return temporary
    }

    @discardableResult
    private static func set(
        _ store: Store,
        _ value: String,
        _ name: String = "backend-key",
        of deployment: String = "red"
    ) async throws -> PutOutcome {
        try await store.putDeploymentSecret("demo", "chat", deployment, name, value).outcome
    }

    private static func refusal(of deployment: DeploymentDefinition, by store: Store) async -> [Problem.Code] {
        await problems { _ = try await store.putDeployment(deployment) }
    }

    private static func served(_ snapshot: Snapshot, _ name: String = "red") -> String? {
        let endpoint = snapshot.tenants["demo"]?.endpoints["chat"]
        return endpoint?.deployments.first { $0.name == name }?.headers.first?.value
    }

    @Test func `a header has its value, and the new one as soon as it is set`() async throws {
        let temporary = try await Self.prepared()
        #expect(Self.served(temporary.snapshots.current) == "Bearer \(Self.canary)")
        let other = temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]
        #expect(try await Self.set(temporary.store, "second") == .updated)
        #expect(Self.served(temporary.snapshots.current) == "Bearer second")
        #expect(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"] !== other)
        #expect(try await Self.set(temporary.store, "second") == .unchanged)
    }

    @Test func `it is sealed on the disk, bound to its place, and there after a restart`() async throws {
        let temporary = try await Self.prepared()
        for file in try FileManager.default.contentsOfDirectory(atPath: temporary.folder.path) {
            let bytes = try Data(contentsOf: temporary.folder.appendingPathComponent(file))
            #expect(bytes.range(of: Data(Self.canary.utf8)) == nil, "\(file)")
        }
        let reopened = try temporary.reopened()
        #expect(Self.served(reopened.contents.snapshot) == "Bearer \(Self.canary)")
        try await temporary.store.pool.write { database in
            try database.execute(sql: "UPDATE deployment_secrets SET name = 'other-key'")
        }
        #expect(throws: StoreError.self) { try temporary.reopened() }
    }

    @Test func `a header that refers to none is refused, and told what there is and what to run`() async throws {
        let temporary = try await Self.prepared()
        let error = await #expect(throws: StoreError.self) {
            _ = try await temporary.store.putDeployment(Self.red("${secret:backend-kye}"))
        }
        let text = try #require(error?.description)
        #expect(text.contains("no secret backend-kye (it has backend-key)"), "\(text)")
        #expect(text.contains("gatehouse deployments set-secret demo/chat/red backend-kye"))
        #expect(!text.contains(Self.canary))
        #expect(Self.served(temporary.snapshots.current) == "Bearer \(Self.canary)")
        // An apply is one change: all of it, or nothing.
        let documents = ApplyDocuments(deployments: [Self.red("${secret:backend-kye}")])
        #expect(
            await problems { _ = try await temporary.store.apply(documents, prune: false, dryRun: true) }
                == [.unknownSecret]
        )
    }

    @Test func `another deployment cannot refer to it, of the same tenant or of another`() async throws {
        let temporary = try await Self.prepared()
        let store = temporary.store
        var own = Self.red("${secret:backend-key}")
        own.name = "pink"
        #expect(await Self.refusal(of: own, by: store) == [.unknownSecret])
        _ = try await store.putTenant(TenantDefinition(name: "other"))
        _ = try await store.putEndpoint(EndpointDefinition(tenant: "other", name: "chat"))
        for name in ["backend-key", "demo/chat/red/secrets/backend-key", "../demo/backend-key"] {
            var foreign = Self.red("${secret:\(name)}")
            foreign.tenant = "other"
            #expect(await Self.refusal(of: foreign, by: store) == [.unknownSecret])
        }
    }

    @Test(arguments: ["${env:BACKEND_KEY}", "${file:/etc/hostname}", "${secret:backend-key}", "x${"])
    func `what a value holds is no reference`(value: String) async throws {
        let temporary = try await Self.prepared()
        try await Self.set(temporary.store, value)
        #expect(Self.served(temporary.snapshots.current) == "Bearer \(value)")
    }

    @Test func `one that a header refers to stays, and one that none refers to goes`() async throws {
        let temporary = try await Self.prepared()
        let store = temporary.store
        let error = await #expect(throws: StoreError.self) {
            try await store.deleteDeploymentSecret("demo", "chat", "red", "backend-key")
        }
        #expect(error?.description.contains("refers to backend-key in authorization") == true)
        #expect(try store.deploymentSecrets(of: "demo", "chat", "red").map(\.headers) == [["authorization"]])
        _ = try await store.putDeployment(Self.red("none"))
        try await store.deleteDeploymentSecret("demo", "chat", "red", "backend-key")
        #expect(try store.deploymentSecrets(of: "demo", "chat", "red").isEmpty)
        await #expect(throws: StoreError.notFound(resource: "demo/chat/red/secrets/backend-key")) {
            try await store.deleteDeploymentSecret("demo", "chat", "red", "backend-key")
        }
        #expect(try temporary.reopened().definitions.secrets.isEmpty)
    }

    @Test func `it goes with its deployment, its endpoint and its tenant: who has the name later has no secret`()
        async throws
    {
        let temporary = try await Self.prepared()
        let store = temporary.store
        try await Self.set(store, "x", "early", of: "later")
        try await store.deleteDeployment("demo", "chat", "red")
        #expect(store.definitions.secrets.map(\.deployment) == ["later"])
        #expect(await Self.refusal(of: Self.red("${secret:backend-key}"), by: store) == [.unknownSecret])
        try await store.deleteEndpoint("demo", "chat")
        #expect(store.definitions.secrets.isEmpty)
        _ = try await store.putDeploymentSecret("demo", "chat", "red", "backend-key", "x")
        try await store.deleteTenant("demo")
        #expect(store.definitions.secrets.isEmpty)
        let left = try await store.pool.read { database in
            try Int.fetchOne(database, sql: "SELECT count(*) FROM deployment_secrets")
        }
        #expect(left == 0)
    }

    @Test(arguments: ["", "a\r\nb: c", "a\nb", "\u{0}", " a", "a ", "a\u{7f}", String(repeating: "x", count: 8193)])
    func `a value that cannot stand in a header is refused, and not told`(value: String) async throws {
        let temporary = try await TemporaryStore().configured()
        let error = await #expect(throws: StoreError.self) {
            _ = try await Self.set(temporary.store, value)
        }
        #expect(error?.description.contains("xxxx") == false)
        #expect(temporary.store.definitions.secrets.isEmpty)
    }

    @Test func `a value that makes a header too long is refused, and the one before goes on`() async throws {
        let temporary = try await Self.prepared()
        let long = String(repeating: "x", count: 8190)
        #expect(await problems { _ = try await Self.set(temporary.store, long) } == [.invalidHeader])
        #expect(Self.served(temporary.snapshots.current) == "Bearer \(Self.canary)")
    }

    @Test(arguments: [("chat", "red", "ab"), ("chat", "red", "a b c"), ("chat", "r!d", "abc"), ("c", "red", "abc")])
    func `names that cannot be are refused`(endpoint: String, deployment: String, name: String) async throws {
        let store = try await TemporaryStore().configured().store
        #expect(
            await problems { _ = try await store.putDeploymentSecret("demo", endpoint, deployment, name, "x") }
                == [.invalidName]
        )
        await #expect(throws: StoreError.notFound(resource: "nobody")) {
            _ = try await store.putDeploymentSecret("nobody", "chat", "red", "abc", "x")
        }
    }

    @Test func `a deployment has 32 at most`() async throws {
        let store = try await TemporaryStore().configured().store
        for number in 100..<132 { try await Self.set(store, "x", "\(number)") }
        #expect(await problems { _ = try await Self.set(store, "x", "133") } == [.tooMany])
        #expect(try await Self.set(store, "y", "100") == .updated)
        #expect(try await Self.set(store, "x", "133", of: "blue") == .created)
    }

    @Test func `headers of webhooks have none`() async throws {
        let temporary = try await Self.prepared()
        var webhook = WebhookDefinition.alarms
        webhook.headers = [UpstreamHeader(name: "x-key", value: "${secret:backend-key}")]
        let refused = webhook
        #expect(await problems { _ = try await temporary.store.putWebhook(refused) } == [.secretRefused])
    }

    @Test func `the audit log tells of each change without the value`() async throws {
        let temporary = try await Self.prepared()
        try await Self.set(temporary.store, "canary-two")
        try await temporary.store.deleteDeployment("demo", "chat", "red")
        let entries = try await temporary.store.auditEntries(of: ["demo"], limit: 1000)
        let own = entries.filter { $0.resource.kind == .deploymentSecret }
        #expect(own.map(\.action) == [.deleted, .updated, .created])
        #expect(Set(own.map(\.resource.path)) == ["demo/chat/red/secrets/backend-key"])
        #expect(own[1].fields == ["changedAt", "value"] || own[1].fields == ["value"])
        #expect(entries.allSatisfy { !(($0.before ?? "") + ($0.after ?? "")).contains("canary") })
        #expect(try await temporary.store.verifyAudit().isGood)
    }
}
