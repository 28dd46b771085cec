import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct ChangeConditionTests {
    private static let chat = ResourceReference(.endpoint, "demo/chat")

    private func change(
        _ store: Store,
        _ resource: ResourceReference,
        expected: Set<String>?,
        mustBeNew: Bool = false,
        _ body: () async throws -> Void
    ) async throws -> ChangeCondition {
        let condition = ChangeCondition(resource, expected: expected, mustBeNew: mustBeNew)
        var origin = ChangeOrigin(author: "alice", address: "", request: "")
        origin.condition = condition
        try await ChangeOrigin.$current.withValue(origin) { try await body() }
        return condition
    }

    @Test func `a tag changes with its resource, and with nothing else`() async throws {
        let temporary = try await TemporaryStore().configured()
        let tag = try #require(try temporary.store.tag(of: Self.chat))
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count == 34)
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary)
        #expect(try temporary.store.tag(of: Self.chat) == tag)
        #expect(try temporary.reopened().tag(of: Self.chat) == tag)
        var endpoint = try temporary.store.endpoint("demo", "chat")
        endpoint.description = "other"
        _ = try await temporary.store.putEndpoint(endpoint)
        #expect(try temporary.store.tag(of: Self.chat) != tag)
        #expect(try temporary.store.tag(of: ResourceReference(.endpoint, "demo/none")) == nil)
    }

    @Test func `a change happens only while the tag is the one that was read`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let tag = try #require(try store.tag(of: Self.chat))
        var endpoint = try store.endpoint("demo", "chat")
        endpoint.description = "first"
        let first = endpoint
        let condition = try await change(store, Self.chat, expected: [tag]) {
            _ = try await store.putEndpoint(first)
            // The second change of the same request.
            _ = try await store.setMaintenance("demo", "chat", Maintenance(message: "soon", retryAfter: 1))
        }
        #expect(condition.tag == (try store.tag(of: Self.chat)))
        endpoint.description = "second"
        let second = endpoint
        await #expect(throws: StoreError.self) {
            _ = try await change(store, Self.chat, expected: [tag]) { _ = try await store.putEndpoint(second) }
        }
        #expect(try store.endpoint("demo", "chat").description == "first")
    }

    @Test func `conditions on what is there and what is not`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let other = ResourceReference(.tenant, "other")
        await #expect(throws: StoreError.self) {
            _ = try await change(store, other, expected: ["*"]) {
                _ = try await store.putTenant(TenantDefinition(name: "other"))
            }
        }
        _ = try await change(store, other, expected: nil, mustBeNew: true) {
            _ = try await store.putTenant(TenantDefinition(name: "other"))
        }
        await #expect(throws: StoreError.self) {
            _ = try await change(store, other, expected: nil, mustBeNew: true) {
                _ = try await store.suspendTenant("other")
            }
        }
        _ = try await change(store, other, expected: ["*"]) { try await store.deleteTenant("other") }
        #expect(store.tenants().map(\.name) == ["demo"])
    }
}
