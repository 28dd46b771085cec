import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct ApplyTests {
    @Test func `missing tenants are made and every resource is reported`() async throws {
        let changes = try await TemporaryStore().store.apply(.demo, prune: false, dryRun: false)
        #expect(
            changes == [
                Change(.created, "demo"), Change(.created, "demo/chat"), Change(.created, "demo/chat/blue"),
                Change(.created, "demo/chat/green"),
            ]
        )
    }

    @Test func `applying the same documents again changes nothing`() async throws {
        let store = try await TemporaryStore().configured().store
        let changes = try await store.apply(.demo, prune: true, dryRun: false)
        #expect(changes.map(\.action) == [.unchanged, .unchanged, .unchanged])
    }

    @Test func `an update names the fields that differ and keeps the keys`() async throws {
        let store = try await TemporaryStore().configured().store
        let keys = try await store.keys("demo", "chat")
        var documents = ApplyDocuments.demo
        documents.endpoints[0].traffic = ["blue": 100]
        documents.deployments[1].serving = .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:1"]))
        let changes = try await store.apply(documents, prune: false, dryRun: false)
        #expect(changes.contains(Change(.updated, "demo/chat", fields: ["traffic"])))
        #expect(changes.contains(Change(.updated, "demo/chat/green", fields: ["upstream.urls"])))
        #expect(try await store.keys("demo", "chat") == keys)
    }

    @Test func `one bad document among good ones keeps all of them out`() async throws {
        let temporary = try TemporaryStore()
        var documents = ApplyDocuments.demo
        documents.deployments[1].serving = .upstream(UpstreamDefinition(urls: ["ftp://x"]))
        let refused = documents
        let codes = await problems { _ = try await temporary.store.apply(refused, prune: false, dryRun: false) }
        #expect(codes == [.invalidURL])
        #expect(temporary.store.definitions == Definitions())
        #expect(try temporary.reopened().definitions == Definitions())
    }

    @Test func `prune removes what the named tenants have and the documents do not name`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "another"))
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "another", name: "kept"))
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "demo", name: "old"))
        var documents = ApplyDocuments.demo
        documents.endpoints[0].traffic = ["blue": 100]
        documents.deployments = [.blue]
        let changes = try await temporary.store.apply(documents, prune: true, dryRun: false)
        #expect(changes.filter { $0.action == .deleted }.map(\.resource) == ["demo/old", "demo/chat/green"])
        #expect(temporary.store.definitions.endpoints.map(\.path) == ["another/kept", "demo/chat"])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `without prune nothing is removed`() async throws {
        let store = try await TemporaryStore().configured().store
        _ = try await store.apply(ApplyDocuments(deployments: [.blue]), prune: false, dryRun: false)
        #expect(store.definitions.deployments.count == 2)
    }

    @Test func `a dry run says the same and keeps nothing`() async throws {
        let temporary = try TemporaryStore()
        let rehearsed = try await temporary.store.apply(.demo, prune: true, dryRun: true)
        #expect(temporary.store.definitions == Definitions())
        #expect(temporary.changes.count == 0)
        #expect(try await temporary.store.apply(.demo, prune: true, dryRun: false) == rehearsed)
    }

    @Test func `a dry run refuses what an apply would refuse`() async throws {
        let store = try TemporaryStore().store
        var documents = ApplyDocuments.demo
        documents.deployments.removeLast()
        let refused = documents
        let codes = await problems { _ = try await store.apply(refused, prune: false, dryRun: true) }
        #expect(codes == [.unknownDeployment])
    }

    @Test func `two documents for one resource are refused`() async throws {
        let store = try TemporaryStore().store
        var documents = ApplyDocuments.demo
        documents.deployments.append(.blue)
        let refused = documents
        let codes = await problems { _ = try await store.apply(refused, prune: false, dryRun: false) }
        #expect(codes == [.duplicate])
    }
}
