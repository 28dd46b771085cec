import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct StoreTests {
    @Test func `what was stored comes back the same after a restart`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.registerModel(.smollm2())
        _ = try await temporary.store.putDeployment(.local)
        _ = try await temporary.store.addCertificate(
            StoredCertificate(host: "chat.example.org", certificate: "/c.pem", key: "/k.pem")
        )
        let reopened = try temporary.reopened()
        #expect(reopened.definitions == temporary.store.definitions)
        #expect(reopened.certificates() == temporary.store.certificates())
        #expect(try reopened.deployment("demo", "chat", "blue") == .blue)
        #expect(try reopened.endpoint("demo", "chat").described == ApplyDocuments.demo.endpoints[0])
    }

    @Test func `a change is published and told before it answers`() async throws {
        let temporary = try await TemporaryStore().configured()
        let endpoint = try #require(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"])
        #expect(endpoint.deployments.map(\.name) == ["blue", "green"])
        #expect(endpoint.deployments[0].headers[0].value == "Bearer canary-of-the-environment")
        #expect(temporary.changes.count == 1)
    }

    @Test func `a bad change leaves snapshot, rows and listeners as they were`() async throws {
        let temporary = try await TemporaryStore().configured()
        let before = temporary.store.contents
        let codes = await problems {
            var documents = ApplyDocuments.demo
            documents.endpoints[0].description = "changed"
            documents.endpoints[0].traffic = ["blue": 50, "green": 49]
            _ = try await temporary.store.apply(documents, prune: false, dryRun: false)
        }
        #expect(codes == [.invalidTraffic])
        #expect(temporary.snapshots.current === before.snapshot)
        #expect(temporary.store.definitions == before.definitions)
        #expect(try temporary.reopened().definitions == before.definitions)
        #expect(temporary.changes.count == 1)
    }

    @Test func `a change that changes nothing publishes nothing`() async throws {
        let temporary = try await TemporaryStore().configured()
        let before = temporary.snapshots.current
        #expect(try await temporary.store.putDeployment(.blue) == .unchanged)
        #expect(temporary.snapshots.current === before)
        #expect(temporary.changes.count == 1)
    }

    @Test func `an endpoint that a change does not touch keeps its place in the split`() async throws {
        let temporary = try await TemporaryStore().configured()
        let before = temporary.snapshots.current.tenants["demo"]?.endpoints["chat"]
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "demo", name: "other"))
        #expect(temporary.snapshots.current.tenants["demo"]?.endpoints["chat"] === before)
        #expect(temporary.snapshots.current.tenants["demo"]?.endpoints["other"] != nil)
    }

    @Test func `a deployment with traffic cannot be deleted and one without can`() async throws {
        let temporary = try await TemporaryStore().configured()
        await #expect(throws: StoreError.self) { try await temporary.store.deleteDeployment("demo", "chat", "green") }
        var endpoint = ApplyDocuments.demo.endpoints[0]
        endpoint.traffic = ["blue": 100, "green": 0]
        #expect(try await temporary.store.putEndpoint(endpoint) == .updated)
        try await temporary.store.deleteDeployment("demo", "chat", "green")
        #expect(try temporary.store.endpoint("demo", "chat").traffic == ["blue": 100])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `a deleted tenant takes everything it owns with it`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.registerModel(.smollm2())
        try await temporary.store.deleteTenant("demo")
        #expect(temporary.store.definitions == Definitions())
        #expect(temporary.snapshots.current.tenants.isEmpty)
        #expect(try temporary.reopened().definitions == Definitions())
    }

    @Test func `what does not exist is not found`() async throws {
        let store = try await TemporaryStore().configured().store
        #expect(throws: StoreError.notFound(resource: "nobody")) { try store.endpoints(of: "nobody") }
        #expect(throws: StoreError.notFound(resource: "demo/none")) { try store.endpoint("demo", "none") }
        await #expect(throws: StoreError.notFound(resource: "demo/chat/red")) {
            try await store.deleteDeployment("demo", "chat", "red")
        }
    }

    @Test func `a host may move from one endpoint to another in one apply`() async throws {
        let temporary = try await TemporaryStore().configured()
        var documents = ApplyDocuments.demo
        documents.endpoints[0].hosts = []
        documents.endpoints.append(EndpointDefinition(tenant: "demo", name: "aaa", hosts: ["chat.example.org"]))
        _ = try await temporary.store.apply(documents, prune: false, dryRun: false)
        #expect(temporary.snapshots.current.hosts["chat.example.org"]?.name == "aaa")
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `the store and what lies beside it may be read by its owner only`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try OperatorToken.loadOrCreate(beside: temporary.path)
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: temporary.folder.path)
        #expect(Set(["gatehouse.db", "gatehouse.db-wal", "secret.key", "operator.token"]).isSubset(of: names))
        for name in names {
            let attributes = try manager.attributesOfItem(atPath: temporary.folder.appendingPathComponent(name).path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        let folder = try manager.attributesOfItem(atPath: temporary.folder.path)
        #expect(folder[.posixPermissions] as? Int == 0o700)
    }

    @Test func `configuration is written with full synchronisation and foreign keys`() async throws {
        let store = try TemporaryStore().store
        let values = try await store.pool.write { database in
            try ["synchronous", "foreign_keys", "journal_mode", "busy_timeout"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(values == ["2", "1", "wal", "10000"])
    }
}
