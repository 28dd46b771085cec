import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct ApplyRoutesTests {
    private static let body = #"""
        {"tenants":[{"name":"demo","subscription":"s-1"}],
         "endpoints":[{"tenant":"demo","name":"chat"}],
         "keys":[{"tenant":"demo","name":"app","endpoints":["chat"]}],
         "principals":[{"tenant":"demo","name":"robot"}],
         "issuers":[{"tenant":"demo","name":"entra","issuers":["https://a.example"],"audiences":["x"],
                     "keysUrl":"https://a.example/keys"}],
         "roles":[{"tenant":"demo","name":"callers","role":"invoke","group":"g","issuer":"entra"}],
         "webhooks":[{"tenant":"demo","name":"hook","url":"https://hooks.example.com"}]}
        """#

    @Test func `everything is made at once, and secrets are told only then`() async throws {
        try await AdminFixture().withClient { client in
            let first = try await client.apply(Self.body)
            #expect(first.changes.allSatisfy { $0.action == "created" })
            let told = first.changes.compactMap { $0.secret == nil ? nil : $0.resource }
            #expect(told == ["demo/webhooks/hook", "demo/keys/app", "demo/principals/robot"])
            #expect(first.changes.last?.clientId?.count == 36)
            let again = try await client.apply(Self.body)
            #expect(again.changes.allSatisfy { $0.action == "unchanged" && $0.secret == nil }, "\(again.changes)")
        }
    }

    @Test func `a dry run tells of everything and makes nothing`() async throws {
        try await AdminFixture().withClient { client in
            let dry = try await client.apply(Self.body.replacing(#""roles":"#, with: #""dryRun":true,"roles":"#))
            #expect(dry.changes.count == 7)
            #expect(dry.changes.allSatisfy { $0.action == "created" && $0.secret == nil })
            #expect(try await client.send(.get, "/api/v1/tenants/demo").status == 404)
        }
    }

    @Test func `a key that cannot be keeps everything else from being applied`() async throws {
        try await AdminFixture().withClient { client in
            let body = Self.body.replacing(#""endpoints":["chat"]"#, with: #""endpoints":["nope"]"#)
            let answer = try await client.send(.post, "/api/v1/apply", body)
            #expect(answer.status == 400)
            #expect(answer.text.contains("demo/keys/app"))
            #expect(try await client.send(.get, "/api/v1/tenants/demo").status == 404)
        }
    }

    @Test func `an apply changes terms, keeps what it does not name, and lifts no suspension`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.apply(Self.body)
            _ = try await client.send(.post, "/api/v1/tenants/demo/suspend", "{}")
            _ = try await client.send(.put, "/api/v1/tenants/demo/keys/app", #"{"endpoints":["chat"],"disabled":true}"#)
            let maintenance = "/api/v1/tenants/demo/endpoints/chat/maintenance"
            _ = try await client.send(.put, maintenance, #"{"message":"m"}"#)
            let terms = #""endpoints":["chat"],"forms":["path"],"queueWeight":2"#
            let body = Self.body.replacing(#""endpoints":["chat"]"#, with: terms)
            let result = try await client.apply(body)
            let updated = result.changes.filter { $0.action == "updated" }
            #expect(updated.map(\.resource) == ["demo/keys/app"])
            #expect(updated.map(\.fields) == [["forms", "queueWeight"]])
            #expect(try await client.get(TenantResource.self, "/api/v1/tenants/demo").suspended == true)
            #expect(try await client.get(NamedKeyResource.self, "/api/v1/tenants/demo/keys/app").disabled == true)
            let endpoint = try await client.get(EndpointResource.self, "/api/v1/tenants/demo/endpoints/chat")
            #expect(endpoint.maintenance?.message == "m")
            #expect(try await client.apply(#"{"tenants":[{"name":"demo","suspended":false}]}"#).dryRun == false)
            #expect(try await client.get(TenantResource.self, "/api/v1/tenants/demo").suspended == false)
        }
    }

    @Test func `pruning takes issuers, roles and webhooks, and leaves keys and principals`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.apply(Self.body)
            let result = try await client.apply(
                #"{"endpoints":[{"tenant":"demo","name":"chat"}],"prune":true}"#
            )
            let deleted = result.changes.filter { $0.action == "deleted" }.map(\.resource)
            #expect(Set(deleted) == ["demo/issuers/entra", "demo/roles/callers", "demo/webhooks/hook"])
            #expect(try await client.send(.get, "/api/v1/tenants/demo/keys/app").status == 200)
            #expect(try await client.send(.get, "/api/v1/tenants/demo/principals/robot").status == 200)
        }
    }
}

extension AdminTestClient {
    fileprivate func apply(_ body: String) async throws -> ApplyResult {
        try await send(.post, "/api/v1/apply", body).decode(ApplyResult.self)
    }
}
