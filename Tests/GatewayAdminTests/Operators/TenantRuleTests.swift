import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// A tenant's own operators reach neither the gateway's private networks nor its secrets (DESIGN §4).
@Suite struct TenantRuleTests {
    private static let tenant = "/api/v1/tenants/demo"
    private static let blue = "\(tenant)/endpoints/chat/deployments/blue"

    /// The token of an admin of `demo`.
    private func admin(_ client: AdminTestClient) async throws -> String {
        try await client.prepare()
        _ = try await client.send(.put, "/api/v1/operators/ada", #"{"role":"admin","tenant":"demo"}"#)
        let made = try await client.send(.post, "/api/v1/operators/ada/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    @Test(arguments: [
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["http://127.0.0.1:9000"]}}"#, 400),
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["https://a.example","http://localhost:1"]}}"#, 400),
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["unix:/run/secret.sock"]}}"#, 400),
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["http://10.1.2.3:9000"]}}"#, 201),
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["https://a.example"]}}"#, 201),
        (
            "endpoints/chat/deployments/red",
            #"{"upstream":{"urls":["https://a.example"],"headers":{"x":"Bearer ${env:BACKEND_KEY}"}}}"#, 400
        ),
        (
            "endpoints/chat/deployments/red",
            #"{"upstream":{"urls":["https://a.example"],"headers":{"x":"Bearer of-its-own"}}}"#, 201
        ),
        (
            "endpoints/chat/deployments/red", #"{"upstream":{"urls":["https://a.example"],"ca":"/etc/ssl/cert.pem"}}"#,
            400
        ),
        ("webhooks/hook", #"{"url":"http://127.0.0.1:9000/in"}"#, 400),
        ("webhooks/hook", #"{"url":"https://a.example","headers":{"x":"${env:BACKEND_KEY}"}}"#, 400),
        ("webhooks/hook", #"{"url":"https://a.example"}"#, 201),
        ("issuers/mine", #"{"issuers":["i"],"audiences":["a"],"keysUrl":"https://127.0.0.1/k"}"#, 400),
        ("issuers/mine", #"{"issuers":["i"],"audiences":["a"],"keysUrl":"https://a.example/k"}"#, 201),
    ])
    func `what is the gateway's own is refused to a tenant's admin`(path: String, body: String, status: Int)
        async throws
    {
        try await AdminFixture().withClient { client in
            let token = try await admin(client)
            let answer = try await client.send(.put, "\(Self.tenant)/\(path)", body, authorization: token)
            #expect(answer.status == status, "\(answer.text)")
            #expect(!answer.text.contains("canary"))
        }
    }

    @Test func `a secret that the owner has set goes nowhere but where it went`() async throws {
        try await AdminFixture().withClient { client in
            let token = try await admin(client)
            func body(_ url: String, _ description: String) -> String {
                #"""
                {"description":"\#(description)",
                 "upstream":{"urls":["\#(url)"],"headers":{"x":"Bearer ${env:BACKEND_KEY}"}}}
                """#
            }
            let url = "http://127.0.0.1:9000"
            #expect(try await client.send(.put, Self.blue, body(url, "owner's")).status == 200)
            #expect(try await client.send(.put, Self.blue, body(url, "ours"), authorization: token).status == 200)
            let moved = try await client.send(.put, Self.blue, body("https://a.example", "ours"), authorization: token)
            #expect(moved.status == 400 && moved.text.contains("BACKEND_KEY") == false)
            let shown = try await client.send(.get, Self.blue).decode(DeploymentResource.self)
            #expect(shown.upstream?.urls == [url] && shown.description == "ours")
        }
    }

    @Test func `the refusal names the setting that opens the tenant's networks`() async throws {
        try await AdminFixture().withClient { client in
            let token = try await admin(client)
            let body = #"{"upstream":{"urls":["http://192.168.0.1:1"]}}"#
            let answer = try await client.send(.put, Self.blue, body, authorization: token)
            #expect(answer.text.contains("upstreams.tenants.demo"))
        }
    }
}
