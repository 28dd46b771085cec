import GatewayCore
import GatewayTestKit
import Testing

/// What an answer says of origins must not tell whose endpoint there is, or has a policy (SECURITY C-1).
@Suite struct VaryTests {
    private static let good = "https://good.com"

    @Test(arguments: [nil, CORSRule(allowedOrigins: [good])])
    func `every answer depends on the origin, with and without a policy`(_ cors: CORSRule?) async throws {
        var access = RunningGateway.Access()
        access.cors = cors
        try await Scene.play(.http, access: access) {
            try await $0.respond(200, [("vary", "origin")], "x")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            for path in ["/healthz", "/nothing", "/demo/chat/score", "/v1/models"] {
                for headers in [[], [("origin", "https://evil.com")], [("origin", Self.good)]] {
                    let answer = try await client.exchange("GET", path, key: nil, headers)
                    #expect(answer["vary"] == "Origin", "\(path)")
                }
            }
            #expect(try await client.exchange("POST", "/demo/chat/score", body: "x")["vary"] == "origin")
            try await client.send("GET / HTTP/9.9\r\n\r\n")
            #expect(try await client.answer()["vary"] == "Origin")
        }
    }

    @Test(arguments: [nil, CORSRule(allowedOrigins: [good])])
    func `the answer to a preflight depends on all that it asks`(_ cors: CORSRule?) async throws {
        var access = RunningGateway.Access()
        access.cors = cors
        try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let asked = [("origin", "https://evil.com"), ("access-control-request-method", "POST")]
            for path in ["/nothing", "/demo/chat/score", "/v1/models"] {
                let answer = try await client.exchange("OPTIONS", path, key: nil, asked)
                #expect(answer["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
            }
        }
    }
}
