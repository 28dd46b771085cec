import Foundation
import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct BuiltInIssuerTests {
    @Test func `a principal's token comes back as that principal`() async throws {
        let scene = try await IssuerScene()
        let token = try #require(
            await scene.issuer.issue(
                to: scene.principal,
                audience: "https://ml.azure.com",
                now: Stage.now
            )
        )
        #expect(token.expiresAt == Stage.now + 3600)
        let verified = try await scene.service.verify(token.text, now: Stage.now).get()
        #expect(
            verified
                == VerifiedToken(
                    issuer: .builtIn(tenant: "demo"),
                    subject: scene.principal.clientID,
                    audiences: ["https://ml.azure.com"],
                    application: scene.principal.clientID,
                    proof: .secret,
                    kind: "app",
                    issuedAt: Stage.now,
                    expiresAt: Stage.now + 3660
                )
        )
        #expect(await scene.refusal(of: token.text, now: Stage.now + 3659) == nil)
        #expect(await scene.refusal(of: token.text, now: Stage.now + 3660) == .expired)
    }

    @Test(arguments: [
        ("https://management.azure.com", true), ("https://ml.azure.com/", true), ("https://storage.azure.com", true),
        ("api://gatehouse", true), ("https://cognitiveservices.azure.com", false), ("https://ai.azure.com", false),
        ("https://gateway.test:8444", true), ("https://other.test:8443", true), ("https://gateway.test:9999", false),
        ("https://localhost:9999", false), ("https://gateway.test", false), ("api://client", false),
    ])
    func `a token of ours administers only when it was made for that`(audience: String, isOperators: Bool) {
        let rule = AudienceRule(publicURL: "https://gateway.test:8443", others: ["https://127.0.0.1:8444"])
        #expect(rule.administers(audience) == isOperators)
    }

    @Test func `a token for calling models is none of an operator's, and one of another issuer is not asked`()
        async throws
    {
        let scene = try await IssuerScene()
        func token(_ issuer: VerifiedToken.Issuer, _ audience: String) -> VerifiedToken {
            VerifiedToken(issuer: issuer, subject: "s", audiences: [audience], expiresAt: 0)
        }
        let (model, manager) = ("https://cognitiveservices.azure.com", "https://management.azure.com")
        #expect(!scene.issuer.administers(token(.builtIn(tenant: "demo"), model)))
        #expect(scene.issuer.administers(token(.builtIn(tenant: "demo"), manager)))
        #expect(scene.issuer.administers(token(.trusted([]), model)))
    }

    @Test func `a token has what Entra's v2 tokens have`() async throws {
        let scene = try await IssuerScene()
        let token = try #require(
            await scene.issuer.issue(
                to: scene.principal,
                audience: "https://ml.azure.com",
                now: Stage.now
            )
        )
        let other = await scene.issuer.issue(
            to: scene.principal,
            audience: "https://ml.azure.com",
            now: Stage.now
        )
        let claims = try scene.claims(of: token.text)
        let id = scene.principal.clientID
        let expected = [
            "iss": "https://models.test:8443/demo/v2.0", "aud": "https://ml.azure.com", "azp": id,
            "appid": id,
            "azpacr": "1", "oid": id, "sub": id, "tid": "demo", "idtyp": "app", "ver": "2.0",
        ]
        for (name, value) in expected { #expect(claims[name] as? String == value, "\(name)") }
        #expect(claims["exp"] as? Int64 == Stage.now + 3600)
        #expect(claims["nbf"] as? Int64 == Stage.now)
        #expect(claims["uti"] as? String != nil)
        #expect(token.text != other?.text)
    }

    @Test func `a token for an endpoint opens that one and lives as long as asked`() async throws {
        let scene = try await IssuerScene()
        let token = try #require(
            await scene.issuer.issueEndpointToken(
                tenant: "demo",
                endpoint: "chat",
                subject: "o-1",
                lifetime: 600,
                now: Stage.now
            )
        )
        let verified = try await scene.service.verify(token.text, now: Stage.now).get()
        #expect(verified.issuer == .endpoint(tenant: "demo", endpoint: "chat"))
        #expect(verified.subject == "o-1")
        #expect(verified.expiresAt == Stage.now + 660)
        let long = await scene.issuer.issueEndpointToken(
            tenant: "demo",
            endpoint: "chat",
            subject: "o-1",
            lifetime: .max,
            now: Stage.now
        )
        #expect(long?.lifetime == SigningKeys.longestLifetime)
    }

    @Test func `a principal that is disabled, gone or moved takes its tokens with it`() async throws {
        let scene = try await IssuerScene()
        let token = try #require(
            await scene.issuer.issue(to: scene.principal, audience: "x", now: Stage.now)
        ).text
        var disabled = scene.principal
        disabled.isDisabled = true
        var moved = scene.principal
        moved.tenant = "other"
        for principals in [[disabled], [], [moved]] {
            scene.issuer.update(principals: principals)
            #expect(await scene.refusal(of: token) == .revoked)
        }
        scene.issuer.update(principals: [scene.principal])
        #expect(await scene.refusal(of: token) == nil)
    }

    @Test func `tokens of the key before the last one still count`() async throws {
        let scene = try await IssuerScene()
        let old = try #require(
            await scene.issuer.issue(to: scene.principal, audience: "x", now: Stage.now)
        ).text
        try await scene.issuer.update(keys: scene.keys.rotated(at: Stage.now + 60))
        let new = try #require(
            await scene.issuer.issue(to: scene.principal, audience: "x", now: Stage.now)
        ).text
        #expect(await scene.refusal(of: old) == nil)
        #expect(await scene.refusal(of: new) == nil)
        #expect(try SignedToken(old).header.keyID != SignedToken(new).header.keyID)
        try await scene.issuer.update(keys: .generate(at: Stage.now))
        #expect(await scene.refusal(of: old) == .unknownKey)
    }

    @Test func `no other issuer can speak for the built-in one`() async throws {
        let scene = try await IssuerScene()
        let evil = TestKey.ec()
        let token = try #require(
            await scene.issuer.issue(to: scene.principal, audience: "x", now: Stage.now)
        ).text
        let parts = token.split(separator: ".").map(String.init)
        let payload = String(decoding: try #require(Base64URL.decode(parts[1].utf8)), as: UTF8.self)
        let header = String(decoding: try #require(Base64URL.decode(parts[0].utf8)), as: UTF8.self)
        let forged = try Forge.token(header: header, payload: payload, key: evil)
        #expect(await scene.refusal(of: forged) == .signature)
        let unnamed = try Forge.token(header: #"{"alg":"ES256"}"#, payload: payload, key: evil)
        #expect(await scene.refusal(of: unnamed) == .unknownKey)
        let foreign = payload.replacing("models.test:8443", with: "models.test")
        #expect(
            try await scene.refusal(of: Forge.token(header: header, payload: foreign, key: evil))
                == .issuer
        )
    }

    @Test func `signing keys survive being stored, and only whole`() async throws {
        let keys = SigningKeys.generate(at: 100).rotated(at: 200)
        let stored = try JSONEncoder().encode(keys)
        #expect(try JSONDecoder().decode(SigningKeys.self, from: stored) == keys)
        #expect(keys.newestCreatedAt == 200)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(SigningKeys.self, from: Data(#"{"keys":[]}"#.utf8))
        }
        let broken = Data(#"{"keys":[{"id":"k","pem":"junk","createdAt":0}]}"#.utf8)
        let unreadable = try JSONDecoder().decode(SigningKeys.self, from: broken)
        await #expect(throws: SigningKeys.Unreadable(id: "k")) { try await SigningMaterial(unreadable) }
    }

    @Test func `rotation keeps what may still be needed`() {
        let day: Int64 = 24 * 3600
        let slow = SigningKeys.generate(at: 0).rotated(at: 30 * day).rotated(at: 60 * day).rotated(
            at: 90 * day
        )
        #expect(slow.keys.map(\.createdAt) == [90 * day, 60 * day])
        let hasty = SigningKeys.generate(at: 0).rotated(at: 10).rotated(at: 20).rotated(at: 30)
        #expect(hasty.keys.map(\.createdAt) == [30, 20, 10, 0])
        #expect(Set(hasty.keys.map(\.id)).count == 4)
    }
}
