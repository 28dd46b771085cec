import Foundation
import GatewayAPI
import Testing

@Suite struct AccessResourceTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private func survives<Value: Codable & Equatable>(_ value: Value) throws -> Bool {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value)) == value
    }

    @Test func `what a get shows can be put back`() throws {
        var endpoint = EndpointResource(tenant: "demo", name: "chat", authModes: ["aml_token", "aad_token"])
        endpoint.limits = [LimitResource(requests: 1, per: "minute")]
        endpoint.quotas = [QuotaResource(cost: Money(millionths: 125), per: "day")]
        endpoint.cors = CORSResource(allowedOrigins: ["*"])
        endpoint.maintenance = MaintenanceResource(message: "m")
        endpoint.keyRotation = KeyRotationResource(every: 9, overlap: 1)
        #expect(try survives(endpoint))
        var key = NamedKeyResource(tenant: "demo", name: "app")
        key.forms = ["openai"]
        key.queueWeight = 3
        key.previousValidUntil = "2026-11-21T00:00:00Z"
        key.key = "ghk_x"
        #expect(try survives(key))
        #expect(try survives(TenantResource(name: "demo", queueWeight: 3)))
        let secret = PrincipalSecretResource(id: "1", expiresAt: "x", secret: "y")
        #expect(
            try survives(PrincipalResource(tenant: "t", name: "n", clientId: "c", disabled: true, secrets: [secret]))
        )
        #expect(try survives(IssuerResource(tenant: "t", name: "n", issuers: ["i"], audiences: ["a"], keysUrl: "k")))
        var role = RoleResource(tenant: "t", name: "n", role: "invoke")
        role.managedIdentity = "m"
        role.proofs = ["public"]
        #expect(try survives(role))
        #expect(try survives(WebhookResource(tenant: "t", name: "n", url: "u", events: ["e"], headers: ["a": "b"])))
        #expect(try survives(LimitsResource(resource: "r", limits: endpoint.limits, quotas: endpoint.quotas)))
    }

    @Test func `an endpoint says its modes in Azure's word and in a list`() throws {
        var endpoint = EndpointResource(tenant: "demo", name: "chat", authModes: ["aml_token"])
        #expect(endpoint.authMode == "aml_token")
        endpoint.authModes = ["aml_token", "key"]
        #expect(endpoint.authMode == "key")
        #expect(AuthModes.word(of: ["none"]) == "none")
        let text = String(decoding: try JSONEncoder().encode(endpoint), as: UTF8.self)
        #expect(text.contains(#""authMode":"key""#))
        #expect(text.contains(#""authModes":["aml_token","key"]"#))
    }

    @Test func `an apply takes a list of each kind`() throws {
        let text = #"""
            {"tenants":[{"name":"demo"}],"keys":[{"tenant":"demo","name":"k"}],"principals":[{"name":"p"}],
             "issuers":[{"issuers":["i"],"audiences":["a"]}],"roles":[{"role":"invoke"}],"webhooks":[{"url":"u"}]}
            """#
        let request = try decode(ApplyRequest.self, text)
        #expect(request.tenants.count == 1 && request.keys.count == 1 && request.principals.count == 1)
        #expect(request.issuers.count == 1 && request.roles.count == 1 && request.webhooks.count == 1)
        #expect(try survives(request))
    }

    @Test(arguments: [
        #"{"tenants":[{"name":"demo","rate_limits":[]}]}"#, #"{"tenants":[{"name":"demo","limits":[]}]}"#,
        #"{"keys":[{"name":"k","scopes":[]}]}"#, #"{"keys":[{"rateLimits":[{"requests":1,"per_":"hour"}]}]}"#,
        #"{"principals":[{"id":"p"}]}"#, #"{"principals":[{"secrets":[{"value":"x"}]}]}"#,
        #"{"issuers":[{"issuers":["i"],"audiences":["a"],"jwks":"k"}]}"#, #"{"roles":[{"role":"invoke","user":"u"}]}"#,
        #"{"webhooks":[{"url":"u","retries":1}]}"#, #"{"endpoints":[{"cors":{"allowedOrigins":[],"origins":[]}}]}"#,
        #"{"endpoints":[{"keyRotation":{"every":1}}]}"#,
        #"{"endpoints":[{"maintenance":{"message":"m","until":"x"}}]}"#,
        #"{"endpoints":[{"quotas":[{"tokens":1,"per":"day","zone":"UTC"}]}]}"#,
        #"{"deployments":[{"price":{"perToken":1}}]}"#, #"{"deployments":[{"price":{"perRequest":-1}}]}"#,
    ])
    func `a member that no type has is an error`(body: String) {
        #expect(throws: DecodingError.self) { try decode(ApplyRequest.self, body) }
    }
}
