import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct CredentialRoutesTests {
    private static let tenant = "/api/v1/tenants/demo"

    @Test func `a named key is shown once, changed, rotated and revoked`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let keys = "\(Self.tenant)/keys"
            let body = #"""
                {"name":"app","endpoints":["chat"],"forms":["openai"],"expiresAt":"2099-01-01T00:00:00Z",
                 "allowedNetworks":["10.0.0.0/8"],"rateLimits":[{"concurrent":2}],"queueWeight":3}
                """#
            let made = try await client.send(.post, keys, body)
            #expect(made.status == 201)
            let secret = try #require(try made.decode(NamedKeyResource.self).key)
            #expect(secret.hasPrefix("ghk_"))
            #expect(try await client.send(.post, keys, body).status == 409)

            var shown = try await client.get(NamedKeyResource.self, "\(keys)/app")
            #expect(shown.key == nil)
            #expect(shown.forms == ["openai"])
            #expect(shown.expiresAt == "2099-01-01T00:00:00Z")
            #expect(shown.disabled == false)
            #expect(shown.createdAt != nil && shown.queueWeight == 3)
            shown.disabled = true
            shown.endpoints = nil
            #expect(try await client.put("\(keys)/app", shown) == shown)
            #expect(try await client.send(.put, "\(keys)/app", "{}").status == 200)
            #expect(try await client.get(NamedKeyResource.self, "\(keys)/app").disabled == true)

            let rotated = try await client.send(.post, "\(keys)/app/rotate", #"{"graceSeconds":3600}"#)
            let new = try rotated.decode(NamedKeyResource.self)
            #expect(new.key != nil && new.key != secret)
            #expect(new.previousValidUntil != nil)
            let list = try await client.get(ResourceList<NamedKeyResource>.self, keys)
            #expect(list.value.map(\.name) == ["app"])
            #expect(try await client.send(.delete, "\(keys)/app").status == 204)
            for method in [HTTPRequest.Method.get, .delete] {
                #expect(try await client.send(method, "\(keys)/app").status == 404)
            }
            #expect(try await client.send(.put, "\(keys)/app", "{}").status == 404)
        }
    }

    @Test(arguments: [
        #"{"name":"a b"}"#, #"{"name":"x"}"#, #"{}"#, #"{"name":"app","forms":["soap"]}"#,
        #"{"name":"app","endpoints":["nope"]}"#, #"{"name":"app","expiresAt":"tomorrow"}"#,
        #"{"name":"app","allowedNetworks":["here"]}"#, #"{"name":"app","scopes":[]}"#,
        #"{"name":"app","tenant":"other"}"#, #"{"name":"app","queueWeight":1.5}"#,
        #"{"name":"app","quotas":[{"cost":1e300,"per":"day"}]}"#,
    ])
    func `a named key that cannot be is refused`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.post, "\(Self.tenant)/keys", body).status == 400)
        }
    }

    @Test func `a principal has secrets that are shown once`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let principals = "\(Self.tenant)/principals"
            let made = try await client.send(.post, principals, #"{"name":"robot"}"#)
            #expect(made.status == 201)
            let robot = try made.decode(PrincipalResource.self)
            let id = try #require(robot.clientId)
            #expect(robot.secrets?.count == 1)
            #expect(robot.secrets?.first?.secret != nil)

            let body = #"{"expiresAt":"2099-01-01T00:00:00Z"}"#
            let added = try await client.send(.post, "\(principals)/robot/secrets", body)
            #expect(added.status == 201)
            let second = try added.decode(PrincipalSecretResource.self)
            #expect(second.secret != nil && second.expiresAt == "2099-01-01T00:00:00Z")
            let shown = try await client.get(PrincipalResource.self, "\(principals)/\(id)")
            #expect(shown.secrets?.count == 2)
            #expect(shown.secrets?.allSatisfy { $0.secret == nil } == true)
            #expect(try await client.send(.delete, "\(principals)/\(id)/secrets/\(second.id ?? "")").status == 204)
            #expect(try await client.get(PrincipalResource.self, "\(principals)/robot").secrets?.count == 1)

            #expect(try await client.send(.put, "\(principals)/robot", #"{"disabled":true}"#).status == 200)
            #expect(try await client.get(PrincipalResource.self, "\(principals)/robot").disabled == true)
            #expect(try await client.send(.put, "\(principals)/robot", #"{"name":"other"}"#).status == 400)
            #expect(try await client.send(.delete, "\(principals)/robot").status == 204)
            #expect(try await client.send(.get, "\(principals)/\(id)").status == 404)
        }
    }

    @Test func `what one tenant has does not exist for another`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            _ = try await client.send(.post, "\(Self.tenant)/keys", #"{"name":"app"}"#)
            _ = try await client.send(.post, "\(Self.tenant)/principals", #"{"name":"robot"}"#)
            let webhook = #"{"url":"https://hooks.example.com/x"}"#
            _ = try await client.send(.put, "\(Self.tenant)/webhooks/hook", webhook)
            let other = "/api/v1/tenants/other"
            for path in ["keys/app", "principals/robot", "webhooks/hook", "endpoints/chat", "keys/app/limits"] {
                #expect(try await client.send(.get, "\(Self.tenant)/\(path)").status == 200, "\(path)")
                #expect(try await client.send(.get, "\(other)/\(path)").status == 404, "\(path)")
                #expect(try await client.send(.delete, "\(other)/\(path)").status == 404, "\(path)")
            }
            #expect(try await client.send(.post, "\(other)/keys/app/rotate", "{}").status == 404)
            #expect(try await client.send(.post, "\(other)/webhooks/hook/test", "{}").status == 404)
        }
    }
}
