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
