import GatewayCore
import GatewayProxy
import GatewayTestKit
import Synchronization
import Testing

/// Tokens, limits, CORS and slowed-down guessing, over real connections.
@Suite(.serialized) struct AccessTests {
    private static let token = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
    private static let origin = "https://app.example.com"

    /// Knows one token, late, and counts how often it is asked.
    private final class Authority: Sendable {
        private let count = Mutex(0)
        var asked: Int { count.withLock { $0 } }

        var tokens: TokenAuthority {
            TokenAuthority(
                verify: { [self] text in
                    count.withLock { $0 += 1 }
                    try? await Task.sleep(for: .milliseconds(50))
                    guard text == AccessTests.token else { return nil }
                    return VerifiedToken(
                        issuer: .trusted([.init(tenant: "demo", name: "entra")]),
                        subject: "someone",
                        expiresAt: .max
                    )
                },
                issue: { wanted in
                    TokenAuthority.Answer(
                        status: 200,
                        headers: [("content-type", "application/json")],
                        body: Array(#"{"for":"\#(wanted.subject)"}"#.utf8)
                    )
                },
                answer: { call in
                    TokenAuthority.Answer(status: 200, headers: [], body: Array("\(call.method) ".utf8) + call.body)
                }
            )
        }
    }

    private func access(_ modes: Set<AuthMode>, _ authority: Authority, role: Role = .invoke) -> RunningGateway.Access {
        var access = RunningGateway.Access()
        access.endpoint = EndpointAccess(modes: modes)
        access.roles = [RoleAssignment(tenant: "demo", name: "one", role: role, subject: .subject("someone"))]
        access.tokens = authority.tokens
        return access
    }

    @Test func `a token is verified once, then known; its request's body waits`() async throws {
        let authority = Authority()
        let receipts = try await Scene.play(.http, access: access([.aadToken], authority)) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let body = String(repeating: "b", count: 100_000)
            for _ in 0..<3 {
                let answer = try await client.exchange("POST", "/demo/chat/score", key: Self.token, body: body)
                #expect(answer.status == 200)
            }
            let chat = try await client.exchange(
                "POST",
                "/v1/chat/completions",
                key: Self.token,
                [("content-type", "application/json")],
                body: #"{"model":"chat"}"#
            )
            #expect(chat.status == 200)
        }
        #expect(authority.asked == 1)
        #expect(receipts.allSatisfy { $0.caller == "demo@someone" })
    }

    @Test func `a body whose model is needed may be whole before its token is verified`() async throws {
        let authority = Authority()
        try await Scene.play(.http, access: access([.aadToken], authority)) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange(
                "POST",
                "/v1/chat/completions",
                key: Self.token,
                [("content-type", "application/json")],
                body: #"{"model":"chat"}"#
            )
            #expect(answer.status == 200)
            let visit = try await upstream.arrivals.next()
            #expect(!visit.headers.contains { $0.value.contains(Self.token) })
        }
    }

    @Test func `a token that is not genuine gets the same 401 as a wrong key`() async throws {
        let authority = Authority()
        try await Scene.play(.http, access: access([.aadToken], authority)) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let forged = try await client.exchange("POST", "/demo/chat/score", key: Self.token + "x", body: "x")
            let wrong = try await client.exchange("POST", "/demo/chat/score", key: "wrong", body: "x")
            #expect(forged.status == 401 && wrong.status == 401)
            #expect(forged["www-authenticate"] == wrong["www-authenticate"])
            #expect(upstream.connections == 0)
        }
    }

    @Test func `a client that leaves while its token is verified harms nobody`() async throws {
        let authority = Authority()
        try await Scene.play(.http, access: access([.aadToken], authority)) {
            try await $0.respond()
        } act: { gateway, _ in
            let gone = try await gateway.connect()
            try await gone.send("GET /demo/chat/a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \(Self.token)\r\n\r\n")
            await gone.leave()
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/demo/chat/a", key: Self.token).status == 200)
        }
    }

    @Test func `an endpoint's token is handed to those who may ask, the issuer reads its forms`() async throws {
        let authority = Authority()
        try await Scene.play(.http, access: access([.amlToken], authority, role: .token)) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/token", key: Self.token)
            #expect(answer.status == 200 && answer.body == #"{"for":"someone"}"#)
            let form = try await client.exchange("POST", "/demo/oauth2/v2.0/token", key: nil, body: "grant_type=x")
            #expect(form.body == "POST grant_type=x")
            let keys = try await client.exchange("GET", "/demo/discovery/v2.0/keys", key: nil)
            #expect(keys.body == "GET ")
            let large = try await client.exchange(
                "POST",
                "/demo/oauth2/v2.0/token",
                key: nil,
                body: String(repeating: "x", count: 20_000)
            )
            #expect(large.status == 413)
        }
    }

    @Test func `a limit refuses in the caller's dialect and says when to come back`() async throws {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.requests, 2, per: .hour)])
        access.cors = CORSRule(allowedOrigins: [Self.origin])
        let receipts = try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            for left in ["1", "0"] {
                let answer = try await client.exchange("GET", "/demo/chat/a", [("origin", Self.origin)])
                #expect(answer.status == 200)
                #expect(answer["x-ratelimit-limit-requests"] == "2")
                #expect(answer["x-ratelimit-remaining-requests"] == left)
                #expect(answer["ratelimit-policy"]?.contains("q=2;w=3600") == true)
                #expect(answer["access-control-allow-origin"] == Self.origin)
            }
            let refused = try await client.exchange(
                "POST",
                "/v1/chat/completions",
                [("content-type", "application/json"), ("origin", Self.origin)],
                body: #"{"model":"chat"}"#
            )
            #expect(refused.status == 429)
            #expect(refused["x-ratelimit-remaining-requests"] == "0")
            let seconds = try #require(refused["retry-after"].flatMap { Int($0) })
            #expect((1790...1800).contains(seconds))
            #expect(refused.body.contains(#""type":"rate_limit_error""#))
            #expect(refused["access-control-allow-origin"] == Self.origin)
        }
        #expect(receipts.map(\.status) == [200, 200, 429])
        #expect(receipts.last?.refusal == "RateLimitExceeded")
    }

    @Test func `what an upstream says of origins is replaced, a preflight needs no key and is not counted`()
        async throws
    {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.requests, 1, per: .hour)])
        access.cors = CORSRule(allowedOrigins: [Self.origin])
        try await Scene.play(.http, access: access) {
            try await $0.respond(200, [("Access-Control-Allow-Origin", "*"), ("Vary", "Accept")], "x")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            for _ in 0..<3 {
                let preflight = try await client.exchange(
                    "OPTIONS",
                    "/demo/chat/score",
                    key: nil,
                    [
                        ("origin", Self.origin), ("access-control-request-method", "POST"),
                        ("access-control-request-headers", "authorization,content-type"),
                    ]
                )
                #expect(preflight.status == 204)
                #expect(preflight["access-control-allow-origin"] == Self.origin)
                #expect(preflight["content-length"] == nil)
            }
            #expect(upstream.connections == 0)
            let evil = try await client.exchange(
                "POST",
                "/demo/chat/score",
                [("origin", "https://evil.com")],
                body: "x"
            )
            #expect(evil.status == 200)
            #expect(evil["access-control-allow-origin"] == nil)
            #expect(evil["vary"] == "Accept, Origin")
            let refused = try await client.exchange("POST", "/demo/chat/score", key: nil, [("origin", Self.origin)])
            #expect(refused.status == 401)
            #expect(refused["access-control-allow-origin"] == Self.origin)
        }
    }

    @Test func `a chunked body is not smaller than its bytes`() async throws {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.tokens, 1000, per: .hour)])
        let prompt = String(repeating: "x", count: 8000)
        let body = #"{"model":"chat","max_tokens":1,"messages":[{"role":"user","content":"\#(prompt)"}]}"#
        try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let headers = [("content-type", "application/json")]
            let whole = try await client.exchange("POST", "/v1/chat/completions", headers, body: body)
            #expect(whole.status == 429)
            let chunked = "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            let split = try await client.exchange(
                "POST",
                "/v1/chat/completions",
                headers + [("transfer-encoding", "chunked")],
                body: chunked
            )
            #expect(split.status == 429)
        }
    }

    @Test func `a body whose length is not told is not let past a limit on bytes`() async throws {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.bodyBytes, 1000, per: .hour)])
        try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange(
                "POST",
                "/demo/chat/score",
                [("transfer-encoding", "chunked")],
                body: "1\r\nx\r\n0\r\n\r\n"
            )
            #expect(answer.status == 411)
            #expect(upstream.connections == 0)
        }
    }

    @Test func `an upstream's own limits are not told beside ours`() async throws {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.requests, 5, per: .hour)])
        try await Scene.play(.http, access: access) {
            try await $0.respond(200, [("X-RateLimit-Limit-Requests", "99999"), ("RateLimit", "\"x\";r=1;t=1")], "x")
        } act: { gateway, _ in
            let answer = try await gateway.connect().exchange("GET", "/demo/chat/a")
            #expect(answer["x-ratelimit-limit-requests"] == "5")
            #expect(answer["ratelimit"]?.contains("r=4") == true)
        }
    }

    @Test func `of many requests at once over several event loops exactly as many pass as the limit says`() async throws
    {
        var access = RunningGateway.Access()
        access.rules = UsageRules(limits: [LimitRule(.requests, 25, per: .hour)])
        let receipts = try await Scene.play(.http, access: access, threads: 3) {
            try await $0.respond()
        } act: { gateway, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let client = try await gateway.connect()
                        for _ in 0..<5 { _ = try await client.exchange("GET", "/demo/chat/a") }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(receipts.count { $0.status == 200 } == 25)
        #expect(receipts.count { $0.status == 429 } == 75)
    }

    @Test func `who guesses keys hears of the next failure later`() async throws {
        try await Scene.play(.http) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let clock = ContinuousClock()
            let fast = try await clock.measure {
                for _ in 0..<20 { _ = try await client.exchange("GET", "/demo/chat/a", key: "wrong") }
            }
            let slow = try await clock.measure {
                let answer = try await client.exchange("GET", "/demo/chat/a", key: "wrong")
                #expect(answer.status == 401)
            }
            #expect(slow >= .milliseconds(450))
            #expect(fast < .seconds(9))
            #expect(try await client.exchange("GET", "/demo/chat/a").status == 200)
        }
    }
}
