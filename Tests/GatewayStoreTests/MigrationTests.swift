import Foundation
import GRDB
import GatewayCore
import Logging
import Testing

@testable import GatewayStore

@Suite struct MigrationTests {
    private let newer = Migrations(
        steps: Migrations.current.steps + [
            .init(identifier: "99 later", sql: "CREATE TABLE later (id INTEGER PRIMARY KEY)")
        ]
    )

    @Test func `an older schema is copied before it is migrated`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try StoreFile(path: temporary.path, migrations: newer, environment: [:])
        let last = try #require(Migrations.current.steps.last).identifier.replacing(" ", with: "-")
        let backup = "\(temporary.path).before-\(last)"
        let attributes = try FileManager.default.attributesOfItem(atPath: backup)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let copy = try DatabaseQueue(path: backup)
        let counts = try await copy.read { database in
            try ["deployments", "endpoint_keys"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(counts == [2, 2])
        #expect(try await copy.read { database in try database.tableExists("later") } == false)
    }

    /// What a release that knew only the first step left behind.
    private func firstRelease(_ path: String) throws -> KeySecret {
        let old = Migrations(steps: [Migrations.current.steps[0]])
        let file = try StoreFile(path: path, migrations: old, environment: [:])
        let key = KeySecret.generate()
        let empty = try file.secrets.seal("{}", place: "demo/chat/blue/environment")
        let headers = try file.secrets.seal("[]", place: "demo/chat/blue/headers")
        let sealed = try file.secrets.seal(key.text, place: "demo/chat/primary")
        try file.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO tenants VALUES ('demo');
                    INSERT INTO endpoints VALUES ('demo', 'chat', 'Talks', 'key', '{"a":"b"}', '{}');
                    INSERT INTO hosts VALUES ('chat.example.org', 'demo', 'chat', 0);
                    INSERT INTO model_names VALUES ('demo', 'gpt-4.1-mini', 'chat', 0);
                    """
            )
            try database.execute(
                sql: """
                    INSERT INTO deployments (tenant, endpoint, name, description, kind, urls, headers, environment, tags,
                        properties) VALUES ('demo', 'chat', 'blue', '', 'upstream', '["http://127.0.0.1:1"]', ?, ?, '{}', '{}')
                    """,
                arguments: [headers, empty]
            )
            try database.execute(sql: "INSERT INTO traffic VALUES ('demo', 'chat', 'blue', 100)")
            try database.execute(
                sql: "INSERT INTO endpoint_keys VALUES ('demo', 'chat', 'primary', ?, ?)",
                arguments: [Data(key.digest.bytes), sealed]
            )
        }
        try file.pool.close()
        return key
    }

    @Test func `a store of the first release keeps everything it has`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("old-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("gatehouse.db").path
        let key = try firstRelease(path)
        let snapshots = SnapshotBox(.empty)
        let store = try Store(
            path: path,
            compiler: TemporaryStore.compiler(),
            snapshots: snapshots,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:]
        )
        let endpoint = try store.endpoint("demo", "chat")
        #expect(endpoint.authModes == [.key] && !endpoint.isPublic && endpoint.rules.isEmpty)
        #expect(endpoint.traffic == ["blue": 100] && endpoint.hosts == ["chat.example.org"])
        #expect(endpoint.modelNames == ["gpt-4.1-mini"] && endpoint.tags == ["a": "b"])
        #expect(try store.deployment("demo", "chat", "blue").price == nil && store.tenant("demo").queueWeight == 1)
        #expect(snapshots.current.keyring.identify(key.text)?.label == "demo/chat#primary")
        let made = try #require(store.definitions.keys.first?.createdAt)
        #expect(abs(made - WallClock.seconds) < 600)
        let backup = try DatabaseQueue(path: "\(path).before-1-configuration")
        #expect(try await backup.read { database in try database.tableExists("named_keys") } == false)
        // The children of the table that was made anew still hang on it.
        try await store.deleteTenant("demo")
        let left = try await store.pool.read { database in
            try ["endpoints", "deployments", "traffic", "hosts", "endpoint_keys", "key_digests"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)")
            }
        }
        #expect(left == [0, 0, 0, 0, 0, 0])
    }

    @Test func `what is older than the difference is the tenant's own where the audit log says so, else the owner's`()
        async throws
    {
        let temporary = try TemporaryStore()
        let path = temporary.folder.appendingPathComponent("old.db").path
        let steps = Migrations.current.steps.prefix { $0.identifier != "7 reach" }
        let file = try StoreFile(path: path, migrations: Migrations(steps: Array(steps)), environment: [:])
        let names = ["alice", "bob", "operator.token", "token:x", "nobody"]
        try await file.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO tenants (name) VALUES ('demo');
                    INSERT INTO endpoints (tenant, name, description, allows_key, allows_aad_token, allows_aml_token,
                        is_public, tags, properties) VALUES ('demo', 'chat', '', 1, 0, 0, 0, '{}', '{}');
                    INSERT INTO operators VALUES ('alice', 'deployer', 'demo', NULL, 0, 0);
                    INSERT INTO operators VALUES ('bob', 'deployer', NULL, NULL, 0, 0);
                    """
            )
            var number = 0
            for (index, name) in names.enumerated() {
                let seal = { (place: String, text: String) in try file.secrets.seal(text, place: place) }
                let deployment = "demo/chat/by-\(index)"
                try database.execute(
                    sql: """
                        INSERT INTO deployments (tenant, endpoint, name, description, kind, urls, headers, environment, tags,
                            properties)
                            VALUES ('demo', 'chat', ?, '', 'upstream', '["http://a.example"]', ?, ?, '{}', '{}')
                        """,
                    arguments: [
                        "by-\(index)", try seal("\(deployment)/headers", "[]"),
                        try seal("\(deployment)/environment", "{}"),
                    ]
                )
                guard name != "nobody" else { continue }
                // The other one has only changed what is no address, which is later.
                for (action, author, fields) in [("created", name, ""), ("updated", "operator.token", "tags")] {
                    number += 1
                    try database.execute(
                        sql: """
                            INSERT INTO audit (number, at, author, address, request, action, kind, resource, tenant, fields,
                                before, after, hash)
                                VALUES (?, 0, ?, '', '', ?, 'deployment', ?, 'demo', ?, ?, '{}', zeroblob(32))
                            """,
                        arguments: [
                            number, author, action, deployment, fields, action == "created" ? nil : "{}",
                        ]
                    )
                }
            }
        }
        try file.pool.close()
        let store = try Store(
            path: path,
            compiler: TemporaryStore.compiler(),
            snapshots: SnapshotBox(.empty),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:]
        )
        let ofTenant = store.definitions.deployments.filter { deployment in
            guard case .upstream(let upstream) = deployment.serving else { return false }
            return !upstream.tenantURLs.isEmpty
        }
        #expect(ofTenant.map(\.name) == ["by-0", "by-3"])
    }

    @Test func `accounts, their tokens and roles are as they were when the schema learns of monitors`() async throws {
        let temporary = try TemporaryStore()
        let path = temporary.folder.appendingPathComponent("old.db").path
        let steps = Migrations.current.steps.prefix { $0.identifier != "18 monitor" }
        let file = try StoreFile(path: path, migrations: Migrations(steps: Array(steps)), environment: [:])
        let rows = [
            "operators": "SELECT * FROM operators ORDER BY name", "operator_tokens": "SELECT * FROM operator_tokens",
            "roles": "SELECT * FROM roles",
        ]
        func contents(_ pool: DatabasePool) async throws -> [String: [String]] {
            try await pool.read { database in
                try rows.mapValues { try Row.fetchAll(database, sql: $0).map { "\($0)" } }
            }
        }
        try await file.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO tenants (name) VALUES ('demo');
                    INSERT INTO operators VALUES ('alice', 'key-admin', 'demo', 'scrypt$x', 1, 5);
                    INSERT INTO operators VALUES ('rita', 'reviewer', NULL, NULL, 0, 6);
                    INSERT INTO operator_tokens VALUES ('rita', 'one', zeroblob(32), 0, 7, NULL);
                    INSERT INTO issuers (tenant, name, issuers, audiences, keys_url)
                        VALUES ('demo', 'entra', '["i"]', '["a"]', 'https://i.example/keys');
                    INSERT INTO roles VALUES ('demo', 'ops', 'admin', 'group', 'g', 'entra', 0, '["chat"]', '[]');
                    """
            )
        }
        let before = try await contents(file.pool)
        try file.pool.close()
        let migrated = try StoreFile(path: path, migrations: .current, environment: [:])
        #expect(try await contents(migrated.pool) == before && before.values.allSatisfy { !$0.isEmpty })
        try await migrated.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO operators VALUES ('mona', 'monitor', NULL, NULL, 0, 8);
                    INSERT INTO roles VALUES ('demo', 'scrape', 'monitor', 'application', 'a', 'entra', 0, NULL, '[]');
                    DELETE FROM operators WHERE name = 'rita';
                    DELETE FROM tenants WHERE name = 'demo';
                    """
            )
        }
        // What hung on the tables that were made anew, and on what they hang, went with it.
        #expect(
            try await contents(migrated.pool).mapValues(\.count) == ["operators": 1, "operator_tokens": 0, "roles": 0]
        )
    }

    @Test func `keys that were replaced keep their grace when the schema learns to keep several`() async throws {
        let temporary = try TemporaryStore()
        let path = temporary.folder.appendingPathComponent("old.db").path
        let steps = Migrations.current.steps.prefix { $0.identifier != "11 retired keys" }
        let file = try StoreFile(path: path, migrations: Migrations(steps: Array(steps)), environment: [:])
        let secrets = (0..<4).map { _ in KeySecret.generate() }
        let digests = secrets.map { Data($0.digest.bytes) }
        let sealed = try file.secrets.seal(secrets[0].text, place: "demo/chat/primary")
        try await file.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO tenants (name) VALUES ('demo');
                    INSERT INTO endpoints (tenant, name, description, allows_key, allows_aad_token, allows_aml_token,
                        is_public, tags, properties) VALUES ('demo', 'chat', '', 1, 0, 0, 0, '{}', '{}');
                    """
            )
            try database.execute(
                sql: "INSERT INTO endpoint_keys VALUES ('demo', 'chat', 'primary', ?, ?, 5, ?, 4102444800)",
                arguments: [digests[0], sealed, digests[1]]
            )
            try database.execute(
                sql: """
                    INSERT INTO named_keys (tenant, name, digest, endpoints, allowed_networks, is_disabled, created_at,
                        previous_digest, previous_until, limits, queue_weight)
                        VALUES ('demo', 'app', ?, '["chat"]', '[]', 0, 7, ?, 4102444801, '[]', 3)
                    """,
                arguments: [digests[2], digests[3]]
            )
        }
        try file.pool.close()
        let snapshots = SnapshotBox(.empty)
        let store = try Store(
            path: path,
            compiler: TemporaryStore.compiler(),
            snapshots: snapshots,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:]
        )
        let callers = secrets.map { snapshots.current.keyring.identify($0.text) }
        #expect(callers.map { $0?.expiresAt } == [nil, 4_102_444_800, nil, 4_102_444_801])
        #expect(callers.allSatisfy { $0 != nil })
        #expect(try store.namedKey("demo", "app").queueWeight == 3 && store.namedKey("demo", "app").createdAt == 7)
        try await store.deleteTenant("demo")
        let left = try await store.pool.read { database in
            try ["named_keys", "retired_keys", "key_digests"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)")
            }
        }
        #expect(left == [0, 0, 0])
    }

    @Test func `what a tenant's operator named is known after a restart`() async throws {
        let temporary = try await TemporaryStore().configured()
        let origin = ChangeOrigin(author: "ada", address: "", request: "", isOwner: false)
        var red = DeploymentDefinition.green
        red.name = "red"
        let named = red
        try await ChangeOrigin.$current.withValue(origin) {
            _ = try await temporary.store.putDeployment(named)
            _ = try await temporary.store.putIssuer(.entra)
            _ = try await temporary.store.putWebhook(
                WebhookDefinition(tenant: "demo", name: "hook", url: "https://a.example")
            )
        }
        let reopened = try temporary.reopened()
        #expect(reopened.definitions == temporary.store.definitions)
        #expect(
            try reopened.issuer("demo", "entra").isNamedByTenant && reopened.webhook("demo", "hook").isNamedByTenant
        )
        let serving = try reopened.deployment("demo", "chat", "red").serving
        guard case .upstream(let upstream) = serving else { return }
        #expect(upstream.tenantURLs == upstream.urls)
    }

    @Test func `receipts of the first release are kept, without a cost`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("old-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("receipts.db").path
        let old = try ReceiptStore(path: path, migrations: Migrations(steps: [Migrations.receipts.steps[0]]))
        try await old.pool.write { database in
            try database.execute(
                sql: """
                    INSERT INTO receipts VALUES (NULL, 'request', 1, 'demo', 'chat', 'blue', '', '', '', '', '', '', 200, 200,
                        'completed', '', '', 0, 0, NULL, NULL, 0, NULL, 0, 1)
                    """
            )
        }
        try old.pool.close()
        let store = try ReceiptStore(path: path)
        #expect(try await store.latest(10).map(\.cost) == [0])
    }

    @Test func `a new store needs no backup and neither does one that is up to date`() throws {
        let temporary = try TemporaryStore()
        _ = try temporary.reopened()
        let names = try FileManager.default.contentsOfDirectory(atPath: temporary.folder.path)
        #expect(!names.contains { $0.contains("before") })
    }

    @Test func `an old binary refuses a newer schema`() throws {
        let temporary = try TemporaryStore()
        _ = try StoreFile(path: temporary.path, migrations: newer, environment: [:])
        let error = #expect(throws: StoreError.self) { try temporary.reopened() }
        #expect(error?.description.contains("newer schema") == true)
        #expect(throws: StoreError.self) { try Store.check(path: temporary.path) }
    }

    @Test func `a migration that fails leaves the store as it was`() async throws {
        let temporary = try await TemporaryStore().configured()
        let broken = Migrations(
            steps: Migrations.current.steps + [
                .init(identifier: "98 broken", sql: "CREATE TABLE half (id INTEGER); NOT SQL;")
            ]
        )
        #expect(throws: StoreError.self) { try StoreFile(path: temporary.path, migrations: broken, environment: [:]) }
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        #expect(try await temporary.store.pool.read { database in try database.tableExists("half") } == false)
    }

    @Test func `another program's database is refused`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("other-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("other.db").path
        let other = try DatabaseQueue(path: path)
        try await other.write { database in try database.execute(sql: "CREATE TABLE theirs (id INTEGER)") }
        let error = #expect(throws: StoreError.self) {
            try StoreFile(path: path, migrations: .current, environment: [:])
        }
        #expect(error?.description.contains("not a Gatehouse store") == true)
    }

    @Test func `checking a store that is not there yet makes nothing`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Store.check(path: path)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
