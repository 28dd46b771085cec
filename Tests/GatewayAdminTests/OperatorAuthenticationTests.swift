import GatewayAPI
import HTTPTypes
import Hummingbird
import Logging
import Testing

@testable import GatewayAdmin

@Suite struct OperatorAuthenticationTests {
    @Test func `every route that is not open on purpose is closed without the operator's token`() async throws {
        let fixture = try await AdminFixture()
        let routes = Routes(controlPlane: fixture.controlPlane, logger: Logger(label: "test")).router().routes
            .map { (method: $0.method, uri: "\($0.path)".replacing("{tenant}", with: "demo")) }
        #expect(routes.count > 70)
        try await fixture.withClient { client in
            for (method, uri) in routes {
                let answer = try await client.send(method, uri, authorization: nil)
                // The login is open, and wants a body.
                let isClosed = ["/api/", "/metrics", "/subscriptions/", "/store.blob.local/"].contains {
                    uri.hasPrefix($0)
                }
                let expected = uri == "/api/v1/login" ? 400 : isClosed ? 401 : 200
                #expect(answer.status == expected, "\(method) \(uri)")
            }
        }
    }

    @Test(arguments: [
        nil, "", "Bearer", "Bearer ", "Bearer wrong", "Basic \(AdminFixture.token)", "Bearer \(AdminFixture.token)x",
        "Bearer  \(AdminFixture.token)", "Bearer \(AdminFixture.token),Bearer \(AdminFixture.token)",
        AdminFixture.token,
    ])
    func `what is not exactly the token is refused with a challenge`(authorization: String?) async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            for uri in [
                "/api/v1/tenants", "/nowhere", "/healthz/", "//healthz", "/healthz/x",
                "/api/oauth2/v2.0/token", "/demo/oauth2/v2.0/token", "/demo//discovery/v2.0/keys",
                "/adfs/oauth2/authorize",
                "/Demo/discovery/v2.0/keys", "/demo/discovery/v2.0/keys/", "/%64emo/discovery/v2.0/keys",
                "/api/discovery/v2.0/keys", "/api/v1/../../demo/discovery/v2.0/keys",
            ] {
                let answer = try await client.send(.get, uri, authorization: authorization)
                #expect(answer.status == 401)
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                #expect(answer.text.contains(#""code" : "Unauthorized""#))
                #expect(!answer.text.contains(AdminFixture.token))
            }
        }
    }

    @Test func `no token is asked for, and one that is wrong or disabled is told apart from that alone`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/operators/rita", #"{"role":"reviewer"}"#)
            let made = try await client.send(.post, "/api/v1/operators/rita/tokens", "{}").decode(ARMValue.self)
            let token = try #require(made["token"]?.text)
            _ = try await client.send(.put, "/api/v1/operators/rita", #"{"role":"reviewer","disabled":true}"#)
            func message(_ authorization: String?) async throws -> String {
                let answer = try await client.send(.get, "/api/v1/tenants", authorization: authorization)
                #expect(answer.status == 401)
                return try answer.decode(APIErrorBody.self).error.message
            }
            #expect(try await message(nil).contains("an operator's token is needed"))
            let refused = try await message("Bearer \(token)")
            #expect(refused.hasPrefix("the token given is not accepted") && !refused.contains("operator.token"))
            #expect(try await message("Bearer wrong") == refused)
        }
    }

    @Test func `an unknown route is not found only for the operator`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            let answer = try await client.send(.get, "/nowhere")
            #expect(answer.status == 404)
            #expect(answer.text.contains(#""code" : "NotFound""#))
            #expect(answer.headers[.contentType] == "application/json")
        }
    }
}
