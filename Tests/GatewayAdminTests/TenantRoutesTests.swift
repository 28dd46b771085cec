import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct TenantRoutesTests {
    private static let tenant = "/api/v1/tenants/demo"

    @Test func `a tenant's labels, rules and CORS come back as they were put`() async throws {
        try await AdminFixture().withClient { client in
            let body = #"""
                {"subscription":"s-1","resourceGroup":"rg","rateLimits":[{"requests":600,"per":"minute","burst":20},
                 {"concurrent":64},{"requests":60,"per":"minute","by":"address","warnOnly":true}],
                 "quotas":[{"cost":12.5,"per":"month","timeZone":"Europe/Berlin"}],
                 "cors":{"allowedOrigins":["https://app.example.com"],"maxAge":60},"queueWeight":3}
                """#
            #expect(try await client.send(.put, Self.tenant, body).status == 201)
            let shown = try await client.get(TenantResource.self, Self.tenant)
            var byAddress = LimitResource(requests: 60, per: "minute")
            byAddress.by = "address"
            byAddress.warnOnly = true
            var bursting = LimitResource(requests: 600, per: "minute")
            bursting.burst = 20
            #expect(
                shown
                    == TenantResource(
                        name: "demo",
                        suspended: false,
                        subscription: "s-1",
                        resourceGroup: "rg",
                        limits: [bursting, LimitResource(concurrent: 64), byAddress],
                        quotas: [
                            QuotaResource(cost: Money("12.50"), per: "month", timeZone: "Europe/Berlin")
                        ],
                        cors: CORSResource(allowedOrigins: ["https://app.example.com"], maxAge: 60),
                        queueWeight: 3
                    )
            )
            #expect(try await client.put(Self.tenant, shown) == shown)
        }
    }

    @Test func `a queue weight that is left out is 1`() async throws {
        try await AdminFixture().withClient { client in
            for body in [#"{"queueWeight":100}"#, "{}"] {
                _ = try await client.send(.put, Self.tenant, body)
                let text = try await client.send(.get, Self.tenant).text
                #expect(text.contains(body == "{}" ? #""queueWeight" : 1"# : #""queueWeight" : 100"#))
            }
        }
    }

    @Test func `a queue weight that is none is a 400 that names it, of a tenant and of a key`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            for weight in ["0", "101", "-1", #""3""#, "9223372036854775807"] {
                let members = #""queueWeight":\#(weight)"#
                for (method, path, body) in [
                    (HTTPRequest.Method.put, Self.tenant, "{\(members)}"),
                    (.post, "\(Self.tenant)/keys", #"{"name":"app",\#(members)}"#),
                    (.post, "/api/v1/apply", #"{"keys":[{"tenant":"demo","name":"app",\#(members)}]}"#),
                ] {
                    let answer = try await client.send(method, path, body)
                    #expect(answer.status == 400 && answer.text.contains("queueWeight"), "\(answer.text)")
                }
            }
        }
    }

    @Test func `a suspended tenant stays suspended when it is put without saying so`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, Self.tenant, "{}")
            #expect(try await client.send(.post, "\(Self.tenant)/suspend", "{}").status == 200)
            #expect(try await client.get(TenantResource.self, Self.tenant).suspended == true)
            #expect(try await client.send(.put, Self.tenant, #"{"subscription":"s"}"#).status == 200)
            #expect(try await client.get(TenantResource.self, Self.tenant).suspended == true)
            #expect(try await client.send(.post, "\(Self.tenant)/resume").status == 200)
            #expect(try await client.get(TenantResource.self, Self.tenant).suspended == false)
            #expect(try await client.send(.put, Self.tenant, #"{"suspended":true}"#).status == 200)
            #expect(try await client.get(TenantResource.self, Self.tenant).suspended == true)
            #expect(try await client.send(.post, "/api/v1/tenants/nobody/suspend", "{}").status == 404)
        }
    }

    @Test func `limits are set by themselves on a tenant, an endpoint, a deployment and a key`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.post, "\(Self.tenant)/keys", #"{"name":"app"}"#)
            let rules = #"{"rateLimits":[{"tokens":1000,"per":"minute"}],"quotas":[{"requests":5,"per":"day"}]}"#
            for (owner, resource, subject) in [
                ("", "demo", "tenant"), ("/endpoints/chat", "demo/chat", "endpoint"),
                ("/endpoints/chat/deployments/blue", "demo/chat/blue", "deployment"),
                ("/keys/app", "demo#app", "caller"),
            ] {
                let url = "\(Self.tenant)\(owner)/limits"
                #expect(try await client.send(.put, url, rules).status == 200)
                let shown = try await client.get(LimitsResource.self, url)
                #expect(shown.resource == resource)
                #expect(shown.limits == [LimitResource(tokens: 1000, per: "minute")])
                #expect(shown.quotas == [QuotaResource(requests: 5, per: "day")])
                #expect(shown.state?.map(\.remaining) == [6])
                #expect(shown.state?.first?.policy.hasPrefix(subject) == true)
                #expect(try await client.send(.put, url, #"{"rateLimits":[{"tokens":1}]}"#).status == 400)
                #expect(try await client.send(.delete, url).status == 200)
                #expect(try await client.get(LimitsResource.self, url).limits.isEmpty)
            }
            #expect(try await client.send(.get, "\(Self.tenant)/endpoints/nope/limits").status == 404)
        }
    }
}
