import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// SECURITY S-3 for metrics.
@Suite struct MetricsRouteTests {
    @Test func `the gateway's operator sees everything, as Prometheus asks for it`() async throws {
        try await AdminFixture().withClient { client in
            let plain = try await client.send(.get, "/metrics")
            #expect(plain.status == 200)
            #expect(plain.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            for line in [#"requests_total{tenant="demo"} 1"#, #"requests_total{tenant="rival"} 2"#, "open 7"] {
                #expect(plain.text.contains(line + "\n"), "\(plain.text)")
            }
            let accept = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"
            let open = try await client.send(.get, "/metrics", headers: [.accept: accept])
            #expect(open.headers[.contentType] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            #expect(open.text.hasSuffix("# EOF\n"))
        }
    }

    @Test func `a tenant's operator sees the tenant's series only`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let account = #"{"name":"dora","role":"deployer","tenant":"demo"}"#
            let dora = try await client.send(.put, "/api/v1/operators/dora", account)
            #expect(dora.status == 201)
            let made = try await client.send(.post, "/api/v1/operators/dora/tokens", "{}")
            let token = try #require(try made.decode(OperatorTokenResource.self).token)
            let page = try await client.send(.get, "/metrics", authorization: "Bearer \(token)")
            #expect(page.status == 200)
            #expect(page.text.contains(#"requests_total{tenant="demo"} 1"#), "\(page.text)")
            #expect(!page.text.contains("rival") && !page.text.contains("open 7"), "\(page.text)")
        }
    }

    @Test func `a monitor sees metrics and nothing else, a tenant's only the tenant's`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            for (name, tenant) in [("mona", ""), ("mike", #","tenant":"demo""#)] {
                let account = #"{"name":"\#(name)","role":"monitor"\#(tenant)}"#
                #expect(try await client.send(.put, "/api/v1/operators/\(name)", account).status == 201)
                let made = try await client.send(.post, "/api/v1/operators/\(name)/tokens", "{}")
                let bearer = "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
                let page = try await client.send(.get, "/metrics", authorization: bearer)
                #expect(page.status == 200 && page.text.contains(#"requests_total{tenant="demo"} 1"#), "\(page.text)")
                #expect(page.text.contains("rival") == tenant.isEmpty)
                for path in ["tenants", "tenants/demo", "tenants/demo/captures", "audit", "operators"] {
                    let answer = try await client.send(.get, "/api/v1/\(path)", authorization: bearer)
                    #expect(answer.status == 403, "\(path)")
                }
                let change = try await client.send(.put, "/api/v1/tenants/demo", "{}", authorization: bearer)
                #expect(change.status == 403)
            }
        }
    }

    @Test func `nobody sees metrics without an operator's credential`() async throws {
        try await AdminFixture().withClient { client in
            for authorization in [nil, "Bearer wrong"] {
                let answer = try await client.send(.get, "/metrics", authorization: authorization)
                #expect(answer.status == 401)
            }
        }
    }
}
