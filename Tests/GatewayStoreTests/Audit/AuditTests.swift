import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct AuditTests {
    private static let alice = ChangeOrigin(author: "alice", address: "192.0.2.7", request: "PUT /api/v1/x")

    @Test func `every change says who, when, from where, what, before and after`() async throws {
        let temporary = try await TemporaryStore().configured()
        let before = WallClock.milliseconds
        var endpoint = try temporary.store.endpoint("demo", "chat")
        endpoint.traffic = ["blue": 100, "green": 0]
        try await ChangeOrigin.$current.withValue(Self.alice) { [endpoint] in
            _ = try await temporary.store.putEndpoint(endpoint)
        }
        let entry = try #require(try await temporary.store.auditEntries(limit: 1).first)
        #expect(entry.author == "alice" && entry.address == "192.0.2.7" && entry.request == "PUT /api/v1/x")
        #expect(entry.at >= before && entry.action == .updated)
        #expect(entry.resource == ResourceReference(.endpoint, "demo/chat") && entry.fields == ["traffic"])
        #expect(entry.before?.contains(#""traffic":{"blue":90,"green":10}"#) == true)
        #expect(entry.after?.contains(#""traffic":{"blue":100,"green":0}"#) == true)
    }

    @Test func `what changes nothing, and what is refused, leaves no entry`() async throws {
        let temporary = try await TemporaryStore().configured()
        let count = try await temporary.store.auditEntries(limit: 1000).count
        _ = try await temporary.store.apply(.demo, prune: false, dryRun: false)
        await #expect(throws: StoreError.self) { try await temporary.store.deleteTenant("nobody") }
        #expect(try await temporary.store.auditEntries(limit: 1000).count == count)
    }

    @Test func `a tenant's removal names everything that goes with it, and only its own entries are its tenant's`()
        async throws
    {
        let temporary = try await TemporaryStore().configured().withAccess()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "other"))
        try await temporary.store.deleteTenant("demo")
        let kinds = Set(
            try await temporary.store.auditEntries(limit: 1000).filter { $0.action == .deleted }
                .map(\.resource.kind)
        )
        #expect(
            kinds == [
                .tenant, .endpoint, .deployment, .endpointKey, .namedKey, .principal, .issuer, .role, .webhook,
                .operator,
            ]
        )
        let others = try await temporary.store.auditEntries(of: ["other"], limit: 1000)
        #expect(others.map(\.resource.path) == ["other"])
    }

    @Test func `no secret is in the log`() async throws {
        let temporary = try await TemporaryStore().configured()
        var deployment = try temporary.store.deployment("demo", "chat", "blue")
        deployment.serving = .upstream(
            UpstreamDefinition(
                urls: ["http://127.0.0.1:9000"],
                headers: [UpstreamHeader(name: "authorization", value: "Bearer canary-header")]
            )
        )
        deployment.environmentVariables = ["TOKEN": "canary-variable"]
        _ = try await temporary.store.putDeployment(deployment)
        var hook = WebhookDefinition.alarms
        hook.url = "https://hooks.example.org/services/canary-path"
        hook.headers = [UpstreamHeader(name: "x-key", value: "canary-hook")]
        _ = try await temporary.store.putWebhook(hook)
        let named = try await temporary.store.createNamedKey("demo", "app-one", .narrow).secret
        _ = try await temporary.store.putOperator("alice", role: .admin, tenant: nil, password: "canary-password")
        let token = try await temporary.store.issueOperatorToken("alice", expiresAt: nil).secret
        let pair = try await temporary.store.keys("demo", "chat")
        let log = try await temporary.store.auditEntries(limit: 1000).map { ($0.before ?? "") + ($0.after ?? "") }
            .joined()
        for secret in ["canary", named, token, pair.primary, pair.secondary, "scrypt"] {
            #expect(!log.contains(secret), "\(secret.prefix(12))")
        }
        // That a header has changed is told all the same.
        let entry = try await temporary.store.auditEntries(limit: 1000).first { $0.resource.kind == .deployment }
        #expect(entry?.fields == ["environmentVariables", "serving"])
    }

    @Test(arguments: [
        ("UPDATE audit SET author = 'mallory' WHERE number = 2", "entry 2 was altered"),
        ("UPDATE audit SET after = '{}' WHERE number = 3", "entry 3 was altered"),
        ("UPDATE audit SET at = at + 1 WHERE number = 1", "entry 1 was altered"),
        ("DELETE FROM audit WHERE number = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE number > 2", "entries are missing"),
        ("DELETE FROM audit", "entries are missing"),
        ("DELETE FROM meta WHERE name = 'audit_head'", "sealed end of the log is missing"),
        ("DELETE FROM audit; DELETE FROM meta WHERE name = 'audit_head'", "sealed end of the log is missing"),
        ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 1) WHERE number = 2", "entry 2 was altered"),
        ("UPDATE audit SET number = number + 100 WHERE number > 2", "entry 3 is missing"),
    ])
    func `an entry that is missing or was altered shows`(sql: String, reason: String) async throws {
        let temporary = try await TemporaryStore().configured()
        #expect(try await temporary.store.verifyAudit().isGood)
        try await temporary.store.pool.write { database in
            try database.execute(sql: "DROP TRIGGER audit_is_not_altered; DROP TRIGGER audit_is_not_shortened;" + sql)
        }
        let verdict = try await temporary.store.verifyAudit()
        #expect(verdict.reason?.contains(reason) == true, "\(verdict)")
        // What is written afterwards does not heal it.
        _ = try await temporary.store.suspendTenant("demo")
        #expect(try await !temporary.store.verifyAudit().isGood)
    }

    @Test func `the log goes on after a restart, and the schema lets nobody alter it by mistake`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = try temporary.reopened()
        _ = try await store.suspendTenant("demo")
        #expect(try await store.verifyAudit().isGood)
        for sql in ["UPDATE audit SET author = 'x'", "DELETE FROM audit"] {
            await #expect(throws: DatabaseError.self) {
                try await temporary.store.pool.write { database in try database.execute(sql: sql) }
            }
        }
    }

    @Test func `a log without entries has an end too`() async throws {
        let temporary = try TemporaryStore()
        let verdict = try await temporary.store.verifyAudit()
        #expect(verdict.isGood && verdict.entries == 0 && verdict.head == AuditHead.start)
        try await temporary.store.pool.write { database in
            try database.execute(sql: "DELETE FROM meta WHERE name = 'audit_head'")
        }
        #expect(try await !temporary.store.verifyAudit().isGood)
        #expect(try await !temporary.reopened().verifyAudit().isGood)
    }

    /// Puts the log of an earlier moment back, sealed end and all.
    private static func cutBack(_ temporary: TemporaryStore, to number: Int64, _ head: Data) async throws {
        try await temporary.store.pool.write { database in
            try database.execute(sql: "DROP TRIGGER audit_is_not_shortened")
            try database.execute(sql: "DELETE FROM audit WHERE number > ?", arguments: [number])
            try database.execute(sql: "UPDATE meta SET value = ? WHERE name = 'audit_head'", arguments: [head])
        }
    }

    @Test func `a log that was cut back with its sealed end shows, whatever is written afterwards`() async throws {
        let temporary = try await TemporaryStore().configured()
        let noted = try #require(try await temporary.store.verifyAudit().head)
        let sealed = try #require(
            try await temporary.store.pool.read { database in
                try Data.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'audit_head'")
            }
        )
        _ = try await temporary.store.suspendTenant("demo")
        let later = try #require(try await temporary.store.verifyAudit(since: noted).head)
        try await Self.cutBack(temporary, to: noted.number, sealed)
        let verdict = try await temporary.store.verifyAudit()
        #expect(verdict.reason?.contains("was cut back") == true && verdict.firstBad == noted.number + 1)
        for store in [temporary.store, try temporary.reopened()] {
            _ = try await store.putTenant(TenantDefinition(name: "other"))
            _ = try await store.deleteTenant("other")
            #expect(try await !store.verifyAudit().isGood)
        }
        // A head that was noted elsewhere shows it without the file.
        let other = try await temporary.store.verifyAudit(since: later)
        #expect(other.reason?.contains("entry \(later.number)") == true)
    }

    @Test func `a store that knew no head outside gets one when its schema is brought up to date, and only then`()
        throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("old-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("gatehouse.db").path
        let steps = Migrations.current.steps.prefix { $0.identifier != AuditSchema.identifier }
        let old = try StoreFile(path: path, migrations: Migrations(steps: Array(steps)), environment: [:])
        try old.pool.write { database in
            try database.execute(sql: "DELETE FROM meta WHERE name = 'audit_head'")
        }
        try old.pool.close()
        try FileManager.default.removeItem(atPath: old.headFile.path)
        let current = try StoreFile(path: path, migrations: .current, environment: [:])
        #expect(try current.fitsHead() && current.headFile.read() == AuditHead.start)
        try current.pool.close()
        try FileManager.default.removeItem(atPath: old.headFile.path)
        #expect(try !StoreFile(path: path, migrations: .current, environment: [:]).fitsHead())
    }

    @Test func `the head beside the store may be behind the log, and not be missing or another's`() async throws {
        let temporary = try await TemporaryStore().configured()
        let path = temporary.store.headFile.path
        let early = try String(contentsOfFile: path, encoding: .utf8)
        _ = try await temporary.store.suspendTenant("demo")
        // A crash between the change and the file.
        try PrivateFile.replace(path, text: early)
        #expect(try await temporary.store.verifyAudit().isGood)
        let store = try temporary.reopened()
        #expect(try await store.verifyAudit().isGood)
        #expect(try String(contentsOfFile: path, encoding: .utf8) != early)
        let another = try TemporaryStore()
        let foreign = try String(contentsOfFile: another.store.headFile.path, encoding: .utf8)
        try PrivateFile.replace(path, text: foreign)
        #expect(try await !store.verifyAudit().isGood)
        try FileManager.default.removeItem(atPath: path)
        #expect(try await store.verifyAudit().reason?.contains("audit.head") == true)
        #expect(try await !temporary.reopened().verifyAudit().isGood)
    }

    @Test(arguments: [
        "", "1", "1:", ":aa", "x:" + String(repeating: "a", count: 64), "1:" + String(repeating: "g", count: 64),
    ])
    func `what is no head is read as none`(text: String) {
        #expect(AuditHead(text) == nil)
        let head = AuditHead(number: 7, hash: Data(repeating: 0xa0, count: 32))
        #expect(AuditHead(head.text) == head)
    }

    @Test func `who operates a tenant sees nothing of the one that had its name before`() async throws {
        let temporary = try await TemporaryStore().configured()
        try await temporary.store.deleteTenant("demo")
        _ = try await temporary.store.putTenant(TenantDefinition(name: "demo"))
        let seen = try await temporary.store.auditEntries(of: ["demo"], isSinceCreation: true, limit: 100)
        #expect(seen.map(\.resource.path) == ["demo"] && seen.first?.action == .created)
        #expect(try await temporary.store.auditEntries(of: ["demo"], limit: 100).count > 8)
    }
}
