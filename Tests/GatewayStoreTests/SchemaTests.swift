import GRDB
import Testing

@testable import GatewayStore

@Suite struct SchemaTests {
    @Test(arguments: [
        "INSERT INTO tenants VALUES ('ab')",
        "INSERT INTO tenants VALUES ('Demo2')",
        "INSERT INTO tenants VALUES ('openai')",
        "INSERT INTO tenants VALUES ('de_mo')",
        "INSERT INTO tenants VALUES (NULL)",
        "INSERT INTO tenants VALUES ('demo')",
        "UPDATE endpoints SET name = 'chat-'",
        "UPDATE endpoints SET tenant = 'nobody'",
        "UPDATE endpoints SET auth_mode = 'none'",
        "UPDATE endpoints SET tags = 'not json'",
        "UPDATE endpoints SET tags = '[]'",
        "UPDATE traffic SET weight = 101",
        "UPDATE traffic SET weight = -1",
        "UPDATE traffic SET weight = 'x'",
        "UPDATE traffic SET deployment = 'red' WHERE deployment = 'blue'",
        "UPDATE hosts SET host = 'Upper.example'",
        "INSERT INTO hosts SELECT host, tenant, endpoint, 9 FROM hosts",
        "INSERT INTO model_names SELECT tenant, name, endpoint, 9 FROM model_names",
        "UPDATE model_names SET name = 'with space'",
        "UPDATE deployments SET kind = 'other'",
        "UPDATE deployments SET kind = 'native'",
        "UPDATE deployments SET urls = '[]'",
        "UPDATE deployments SET urls = '{}'",
        "UPDATE deployments SET urls = NULL",
        "UPDATE deployments SET headers = NULL",
        "UPDATE deployments SET headers = x'00'",
        "UPDATE deployments SET slots = 4",
        "UPDATE deployments SET timeout_ms = 0",
        "UPDATE deployments SET endpoint = 'none'",
        "UPDATE deployments SET model_name = NULL, model_version = '1'",
        "UPDATE endpoint_keys SET digest = x'00'",
        "UPDATE endpoint_keys SET digest = (SELECT digest FROM endpoint_keys LIMIT 1)",
        "UPDATE endpoint_keys SET slot = 'third'",
        "UPDATE endpoint_keys SET sealed = NULL",
        "INSERT INTO models (tenant, name, version, path, sha256, size) VALUES ('demo', 'm', '1', 'x', '\(sha)', 1)",
        "INSERT INTO models (tenant, name, version, path, sha256, size) VALUES ('demo', 'm', '1', '/x', 'abc', 1)",
        "INSERT INTO models (tenant, name, version, path, sha256, size) VALUES ('demo', 'm', '1', '/x', '\(sha)', 0)",
        "INSERT INTO models (tenant, name, version, path, sha256, size) VALUES ('demo', 'a/b', '1', '/x', '\(sha)', 1)",
        "INSERT INTO certificates VALUES ('a b', 'c', 'k')",
        "INSERT INTO certificates VALUES ('a.example', '', 'k')",
    ])
    func `the schema refuses what the code would never write`(sql: String) async throws {
        let temporary = try await TemporaryStore().configured()
        let error = await #expect(throws: DatabaseError.self) {
            try await temporary.store.pool.write { database in try database.execute(sql: sql) }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    }

    private static let sha = String(repeating: "a", count: 64)
}
