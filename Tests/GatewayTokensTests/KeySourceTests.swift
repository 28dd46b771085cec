import GatewayCore
import Testing

@testable import GatewayTokens

/// Outage, rotation and garbage, with a real server and a clock that stands still (SECURITY J-5).
@Suite struct KeySourceTests {
    private func unknown(_ stage: Stage, _ number: Int) throws -> String {
        try stage.token(header: Stage.header.with("kid", "\"unknown-\(number)\""))
    }

    private func makeStage() async throws -> Stage {
        try await Stage(rsa: HostileStage.only.value.stage.rsa)
    }

    @Test func `the first token waits for the keys, and many share one fetch`() async throws {
        let stage = try await makeStage()
        stage.server.set("/keys", .held)
        let token = try stage.token()
        let refusals = await withTaskGroup(of: TokenRefusal?.self) { group in
            for _ in 0..<50 { group.addTask { await stage.refusal(of: token) } }
            var arrivals = stage.server.arrivals.makeAsyncIterator()
            _ = await arrivals.next()
            try? stage.publish()
            stage.server.release()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals == Array(repeating: nil, count: 50))
        #expect(stage.server.hits("/keys") == 1)
    }

    @Test func `two hundred unknown kids cause one fetch`() async throws {
        let stage = try await makeStage()
        await stage.refresh()
        for number in 0..<200 { #expect(try await stage.refusal(of: unknown(stage, number)) == .unknownKey) }
        #expect(stage.server.hits("/keys") == 2)
        stage.clock.advance(.seconds(30))
        #expect(try await stage.refusal(of: unknown(stage, 200)) == .unknownKey)
        #expect(stage.server.hits("/keys") == 3)
    }

    @Test(arguments: [
        KeyServer.Answer.hangUp, .status(500), .json("<html>busy</html>"), .json(#"{"keys":[]}"#), .json("{}"),
        .json(#"{"keys":{}}"#), .json(#"{"keys":[{"kty":"oct","kid":"rsa-1","k":"AAAA"}]}"#), .json("[]"), .json(""),
        .status(302, location: "/elsewhere"), .status(304), .status(204),
    ])
    func `the cooldown holds and the old keys stay when a fetch brings nothing`(answer: KeyServer.Answer) async throws {
        let stage = try await makeStage()
        await stage.refresh()
        stage.server.set("/keys", answer)
        for number in 0..<20 { #expect(try await stage.refusal(of: unknown(stage, number)) == .unknownKey) }
        #expect(stage.server.hits("/keys") == 2)
        #expect(stage.server.hits("/elsewhere") == 0)
        stage.clock.advance(.seconds(86_399))
        await stage.refresh()
        #expect(stage.server.hits("/keys") == 3)
        #expect(try await stage.refusal(of: stage.token()) == nil)
        stage.clock.advance(.seconds(1))
        #expect(try await stage.refusal(of: stage.token()) == .keysUnavailable)
        try stage.publish()
        stage.clock.advance(.seconds(60))
        await stage.refresh()
        #expect(try await stage.refusal(of: stage.token()) == nil)
    }

    @Test func `a new key works at once, and one that is gone stops at the refresh`() async throws {
        let stage = try await makeStage()
        let new = try await HostileStage.only.value.evil
        let newToken = try stage.token(header: Stage.header.with("kid", #""rsa-2""#), key: new)
        await stage.refresh()
        #expect(try await stage.refusal(of: stage.token()) == nil)
        try stage.publish([new.jwk("rsa-2")])
        #expect(try await stage.refusal(of: stage.token()) == nil)
        stage.clock.advance(.seconds(3599))
        await stage.refresh()
        #expect(try await stage.refusal(of: stage.token()) == nil)
        stage.clock.advance(.seconds(1))
        await stage.refresh()
        #expect(try await stage.refusal(of: stage.token()) == .unknownKey)
        #expect(await stage.refusal(of: newToken) == nil)
        #expect(stage.server.hits("/keys") == 3)
    }

    @Test func `a token with a new kid brings the new keys without waiting for the refresh`() async throws {
        let stage = try await makeStage()
        let new = try await HostileStage.only.value.evil
        await stage.refresh()
        try stage.publish([new.jwk("rsa-2")])
        #expect(
            try await stage.refusal(of: stage.token(header: Stage.header.with("kid", #""rsa-2""#), key: new)) == nil
        )
        #expect(stage.server.hits("/keys") == 2)
    }

    @Test func `the issuer's cache control sets the interval`() async throws {
        let stage = try await makeStage()
        try stage.publish(cacheControl: "public, max-age=600, must-revalidate")
        await stage.refresh()
        stage.clock.advance(.seconds(599))
        await stage.refresh()
        #expect(stage.server.hits("/keys") == 1)
        stage.clock.advance(.seconds(1))
        await stage.refresh()
        #expect(stage.server.hits("/keys") == 2)
    }

    @Test(arguments: ["=", ",,", "max-age", "max-age=", "max-age=-1", "max-age=99999999999999999999", "=,=;"])
    func `cache control that cannot be read changes nothing`(value: String) async throws {
        let stage = try await makeStage()
        try stage.publish(cacheControl: value)
        await stage.refresh()
        stage.clock.advance(.seconds(3599))
        await stage.refresh()
        #expect(stage.server.hits("/keys") == 1)
    }

    @Test func `a configuration change keeps the keys of issuers that stay`() async throws {
        let stage = try await makeStage()
        await stage.refresh()
        var changed = Stage.trusted(stage.server)
        changed.audiences = ["api://gateway", "api://more"]
        stage.service.update(issuers: [changed])
        #expect(try await stage.refusal(of: stage.token(Stage.claims.with("aud", #""api://more""#))) == nil)
        #expect(stage.server.hits("/keys") == 1)
        stage.service.update(issuers: [])
        #expect(try await stage.refusal(of: stage.token()) == .issuer)
    }

    @Test func `an answer of more than a mebibyte is not read`() async throws {
        let stage = try await makeStage()
        stage.server.set("/keys", .json(#"{"x":""# + String(repeating: "x", count: 1 << 20) + #"","keys":[]}"#))
        #expect(try await stage.refusal(of: stage.token()) == .keysUnavailable)
        #expect(stage.server.hits("/keys") == 1)
    }

    @Test func `the background refresh runs until it is cancelled`() async throws {
        let stage = try await makeStage()
        let running = Task { await stage.service.run() }
        var arrivals = stage.server.arrivals.makeAsyncIterator()
        #expect(await arrivals.next() == "/keys")
        running.cancel()
        await running.value
    }
}
