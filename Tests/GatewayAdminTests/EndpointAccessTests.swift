import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct EndpointAccessTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"

    @Test(arguments: [
        (#"{}"#, "key", ["key"]),
        (#"{"authMode":"AMLToken"}"#, "aml_token", ["aml_token"]),
        (#"{"authMode":["aad_token","key"]}"#, "key", ["key", "aad_token"]),
        (#"{"authModes":["aml_token","aad_token"]}"#, "aad_token", ["aad_token", "aml_token"]),
        (#"{"authMode":"aad_token","authModes":["aml_token","aad_token"]}"#, "aad_token", ["aad_token", "aml_token"]),
        (
            #"{"authMode":"none","public":true,"rateLimits":[{"requests":9,"per":"minute","by":"address"}]}"#, "none",
            ["none"]
        ),
    ])
    func `one mode is Azure's word, all of them are a list`(body: String, word: String, modes: [String]) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, Self.endpoint, body).status == 200)
            let shown = try await client.get(EndpointResource.self, Self.endpoint)
            #expect(shown.authMode == word)
            #expect(shown.authModes == modes)
            #expect(try await client.put(Self.endpoint, shown) == shown)
        }
    }

    @Test func `networks, CORS, rotation and private access come back as they were put`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            var endpoint = try await client.get(EndpointResource.self, Self.endpoint)
            endpoint.allowedNetworks = ["10.0.0.0/8", "2001:db8::/32"]
            endpoint.publicNetworkAccess = "disabled"
            endpoint.keyRotation = KeyRotationResource(every: 2_592_000, overlap: 86_400)
            endpoint.limits = [LimitResource(bodyBytes: 1_000_000, per: "second")]
            endpoint.quotas = [QuotaResource(tokens: 5, per: "week", warnOnly: true)]
            endpoint.cors = CORSResource(
                allowedOrigins: ["https://a.example"],
                allowedHeaders: ["x-a"],
                exposedHeaders: ["x-b"],
                allowCredentials: true
            )
            #expect(try await client.put(Self.endpoint, endpoint) == endpoint)
            #expect(try await client.get(EndpointResource.self, Self.endpoint) == endpoint)
        }
    }

    @Test func `a price is exact to a millionth`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let url = "\(Self.endpoint)/deployments/blue"
            let body = #"""
                {"upstream":{"urls":["http://127.0.0.1:9000"]},
                 "price":{"inputPer1kTokens":0.000125,"outputPer1kTokens":0.1,"perRequest":12}}
                """#
            #expect(try await client.send(.put, url, body).status == 200)
            let price = try #require(try await client.get(DeploymentResource.self, url).price)
            #expect(price.inputPer1kTokens.millionths == 125)
            #expect(price.outputPer1kTokens.millionths == 100_000)
            #expect(price.perRequest.millionths == 12_000_000)
            let shown = try await client.get(DeploymentResource.self, url)
            let told = EffectiveValue(setting: "price per 1000 input tokens", value: "0.000125", source: "deployment")
            #expect(shown.effective?.contains(told) == true)
        }
    }

    @Test func `maintenance begins and ends by itself, and outlives a put that does not name it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let url = "\(Self.endpoint)/maintenance"
            #expect(try await client.send(.put, url, #"{"message":"back soon","retryAfter":90}"#).status == 200)
            #expect(try await client.send(.put, Self.endpoint, #"{"description":"d"}"#).status == 200)
            let shown = try await client.get(EndpointResource.self, Self.endpoint)
            #expect(shown.maintenance == MaintenanceResource(message: "back soon", retryAfter: 90))
            #expect(try await client.send(.put, url, #"{"message":"","retryAfter":90}"#).status == 400)
            #expect(try await client.send(.put, url, #"{"message":"m","retryAfter":-1}"#).status == 400)
            #expect(try await client.send(.delete, url).status == 200)
            #expect(try await client.get(EndpointResource.self, Self.endpoint).maintenance == nil)
            #expect(try await client.send(.put, Self.endpoint, #"{"maintenance":{"message":"m"}}"#).status == 200)
            #expect(try await client.get(EndpointResource.self, Self.endpoint).maintenance?.retryAfter == 60)
        }
    }

    @Test func `a regenerated key may overlap with the one before`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let url = "\(Self.endpoint)/keys/regenerate"
            #expect(try await client.send(.post, url, #"{"slot":"primary","graceSeconds":86400}"#).status == 200)
            #expect(try await client.send(.post, url, #"{"slot":"primary","graceSeconds":-1}"#).status == 400)
            #expect(try await client.send(.post, url, #"{"slot":"primary","graceSeconds":99999999}"#).status == 400)
        }
    }
}
