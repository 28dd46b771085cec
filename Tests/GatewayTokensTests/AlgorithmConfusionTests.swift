import GatewayCore
import Testing

@testable import GatewayTokens

/// Key sets as Entra publishes them, without `alg`, under attack.
@Suite struct AlgorithmConfusionTests {
    @Test(arguments: ["RS384", "RS512", "PS256", "PS512", "ES256", "HS256", "HS512", "none", "EdDSA"])
    func `no forged header pins a key without alg to another algorithm`(name: String) async throws {
        let stage = try await HostileStage.only.value.stage
        let header = Stage.header.with("alg", "\"\(name)\"")
        for _ in 0..<3 {
            let forged = try Forge.token(header: header.json, payload: Stage.claims.json, key: stage.rsa, as: name)
            #expect(await stage.refusal(of: forged) == .algorithm)
            #expect(try await stage.refusal(of: stage.token()) == nil)
        }
    }

    @Test func `a kid that is not there verifies with no other key, not even the only one`() async throws {
        let stage = try await Stage()
        try stage.publish([stage.rsa.jwk("rsa-1")])
        #expect(try await stage.refusal(of: stage.token()) == nil)
        #expect(try await stage.refusal(of: stage.token(header: Stage.header.with("kid", #""x""#))) == .unknownKey)
    }

    @Test func `a token without kid is only of the one key with its algorithm`() async throws {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa)
        let second = try await HostileStage.only.value.evil
        let unnamed = Stage.header.without("kid")
        try stage.publish([stage.rsa.jwk(nil), stage.ec.jwk("ec-1")])
        #expect(try await stage.refusal(of: stage.token(header: unnamed)) == nil)
        #expect(try await stage.refusal(of: stage.token()) == .unknownKey)

        try stage.publish([stage.rsa.jwk("rsa-1"), second.jwk("rsa-2")])
        stage.clock.advance(.seconds(3600))
        await stage.refresh()
        #expect(try await stage.refusal(of: stage.token(header: unnamed)) == .unknownKey)
        #expect(try await stage.refusal(of: stage.token()) == nil)
    }

    @Test func `keys that cannot be used spoil no other`() async throws {
        let set = try #require(
            await KeySet.read(
                Array(
                    #"{"x":1,"keys":[{"kty":"NEW","kid":"a"},5,\#(TestKey.ec().jwk("b")),{"kty":"EC","kid":"c"}]}"#.utf8
                )
            )
        )
        #expect(set.ids == ["b"])
        #expect(set.skipped == ["a": .type, "#1": .malformed, "c": .algorithm])
    }

    @Test func `two tenants may trust one issuer by different keys, and neither opens the other`() async throws {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa) { server in
            [Stage.trusted(server), Stage.trusted(server, tenant: "other", keys: "/other")]
        }
        let evil = try await HostileStage.only.value.evil
        try stage.publish([evil.jwk("rsa-1")], at: "/other")
        await stage.refresh()
        let mine = try await stage.verify(stage.token()).get()
        #expect(mine.issuer == .trusted([Stage.holder]))
        let theirs = try await stage.verify(stage.token(key: evil)).get()
        #expect(theirs.issuer == .trusted([.init(tenant: "other", name: "entra")]))
    }

    @Test func `a token is good for every tenant whose whole rule takes it`() async throws {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa) { server in
            var otherAudience = Stage.trusted(server, tenant: "audience")
            otherAudience.audiences = ["api://other"]
            var otherDirectory = Stage.trusted(server, tenant: "directory")
            otherDirectory.directoryID = "99999999-2222-3333-4444-555555555555"
            var anyDirectory = Stage.trusted(server, tenant: "any")
            anyDirectory.directoryID = nil
            return [Stage.trusted(server), otherAudience, otherDirectory, anyDirectory]
        }
        await stage.refresh()
        let token = try await stage.verify(stage.token()).get()
        #expect(token.issuer == .trusted([Stage.holder, .init(tenant: "any", name: "entra")]))
        #expect(stage.server.hits("/keys") == 1)
    }

    @Test func `a tenant whose issuer does not answer keeps no other waiting`() async throws {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa) { server in
            [Stage.trusted(server), Stage.trusted(server, tenant: "slow", keys: "/slow")]
        }
        stage.server.set("/slow", .held)
        let first = try await stage.verify(stage.token()).get()
        #expect(first.issuer == .trusted([Stage.holder]))
        #expect(first.expiresAt == Stage.now + 60)
        try stage.publish(at: "/slow")
        stage.server.release()
        await stage.service.idle()
        let second = try await stage.verify(stage.token()).get()
        #expect(second.issuer == .trusted([Stage.holder, .init(tenant: "slow", name: "entra")]))
        #expect(second.expiresAt == Stage.now + 3660)
    }
}
