import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Who named what is dialled decides how far it reaches (DESIGN §4).
@Suite struct ReachTests {
    private static let chat = "/api/v1/tenants/demo/endpoints/chat"

    private func deployer(_ client: AdminTestClient, _ role: String = "deployer") async throws -> String {
        try await client.prepare()
        _ = try await client.send(.put, "/api/v1/operators/ada", #"{"role":"\#(role)","tenant":"demo"}"#)
        let made = try await client.send(.post, "/api/v1/operators/ada/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    /// Whether each URL of the deployment `red` reaches loopback.
    private func reaches(_ store: Store) throws -> [String: Bool] {
        let snapshot = try store.compiler.compile(store.definitions)
        let red = snapshot.tenants["demo"]?.endpoints["chat"]?.deployments.first { $0.name == "red" }
        return Dictionary(
            (red?.instances ?? []).map { ($0.url, $0.address.reach.admits("127.0.0.1")) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test func `a name that a tenant's deployer applies does not reach loopback, and one that the owner applies does`()
        async throws
    {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            let token = try await deployer(client)
            func put(_ urls: [String], _ authorization: String, _ description: String = "") async throws -> Int {
                let list = urls.map { "\"\($0)\"" }.joined(separator: ",")
                let body = #"{"description":"\#(description)","upstream":{"urls":[\#(list)]}}"#
                let path = "\(Self.chat)/deployments/red"
                return try await client.send(.put, path, body, authorization: authorization).status
            }
            let owner = "Bearer \(AdminFixture.token)"
            #expect(try await put(["http://a.example"], token) == 201)
            #expect(try reaches(store) == ["http://a.example": false])
            // The owner who changes something else has not looked at where the name leads.
            #expect(try await put(["http://a.example"], owner, "known") == 200)
            let limits = #"{"rateLimits":[{"requests":1,"per":"minute"}]}"#
            #expect(try await client.send(.put, "\(Self.chat)/deployments/red/limits", limits).status == 200)
            #expect(try reaches(store) == ["http://a.example": false])
            #expect(try await put(["http://c.example"], owner) == 200)
            #expect(try await put(["http://a.example"], owner) == 200)
            #expect(try reaches(store) == ["http://a.example": true])
            // The owner's stays the owner's, what the deployer adds does not become it.
            #expect(try await put(["http://a.example", "http://b.example"], token, "ours") == 200)
            #expect(try reaches(store) == ["http://a.example": true, "http://b.example": false])
            #expect(try await put(["http://b.example"], token) == 200)
            #expect(try await put(["http://a.example"], token) == 200)
            #expect(try reaches(store) == ["http://a.example": false])
        }
    }

    @Test func `documents that a deployer applies reach no further than what he puts`() async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            let token = try await deployer(client)
            let red = #"{"tenant":"demo","endpoint":"chat","name":"red","upstream":{"urls":["https://a.example"]}}"#
            let body = #"{"deployments":[\#(red)]}"#
            #expect(try await client.send(.post, "/api/v1/apply", body, authorization: token).status < 300)
            #expect(try reaches(store) == ["https://a.example": false])
            #expect(try await client.send(.post, "/api/v1/apply", body).status < 300)
            #expect(try reaches(store) == ["https://a.example": true])
        }
    }

    @Test func `webhooks and issuers remember whether the tenant named them`() async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            let token = try await deployer(client, "admin")
            let hook = "/api/v1/tenants/demo/webhooks/hook"
            let issuer = "/api/v1/tenants/demo/issuers/mine"
            let keys = #"{"issuers":["i"],"audiences":["a"],"keysUrl":"https://a.example/k"}"#
            _ = try await client.send(.put, hook, #"{"url":"https://a.example"}"#, authorization: token)
            _ = try await client.send(.put, issuer, keys, authorization: token)
            #expect(try store.webhook("demo", "hook").isNamedByTenant && store.issuer("demo", "mine").isNamedByTenant)
            let target = try await store.webhookTarget("demo", "hook")
            #expect(!target.reach.admits("127.0.0.1") && target.reach.admits("10.1.2.3"))
            _ = try await client.send(.put, hook, #"{"url":"https://a.example","events":["key.expired"]}"#)
            #expect(try store.webhook("demo", "hook").isNamedByTenant)
            let hooks = #""webhooks":[{"tenant":"demo","name":"hook","url":"https://a.example"}]"#
            let issuers = #""issuers":[{"tenant":"demo","name":"mine",\#(keys.dropFirst())]"#
            let applied = try await client.send(.post, "/api/v1/apply", "{\(hooks),\(issuers)}")
            #expect(applied.status < 300, "\(applied.text)")
            #expect(try !store.webhook("demo", "hook").isNamedByTenant && !store.issuer("demo", "mine").isNamedByTenant)
            #expect(try await store.webhookTarget("demo", "hook").reach == .everywhere)
        }
    }
}
