import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct IssuerDocumentTests {
    @Test(arguments: [
        ("/demo/v2.0/.well-known/openid-configuration", "demo"),
        ("/demo/.well-known/openid-configuration", "demo"),
        ("/adfs/.well-known/openid-configuration", "adfs"),
        ("/Adfs/v2.0/.well-known/openid-configuration", "adfs"),
        ("/unknown/v2.0/.well-known/openid-configuration", "unknown"),
    ])
    func `the discovery document has what azure-identity reads`(path: String, tenant: String)
        async throws
    {
        let scene = try await IssuerScene()
        let answer = await scene.get(path)
        #expect(answer.status == 200)
        let base = "\(IssuerScene.publicURL)/\(tenant)"
        #expect(answer.text("issuer") == base + "/v2.0")
        #expect(answer.text("token_endpoint") == base + "/oauth2/v2.0/token")
        #expect(answer.text("authorization_endpoint") == base + "/oauth2/v2.0/authorize")
        #expect(answer.text("jwks_uri") == base + "/discovery/v2.0/keys")
        #expect(answer.json["id_token_signing_alg_values_supported"] as? [String] == ["ES256"])
    }

    @Test
    func
        `a gateway that only knows itself as localhost answers under the name that it was called by`()
        async throws
    {
        let scene = try await IssuerScene(publicURL: "https://localhost:8443")
        let path = "/demo/v2.0/.well-known/openid-configuration"
        for (host, base) in [
            ("gw.test:8444", "https://gw.test:8444"), ("[::1]:8443", "https://[::1]:8443"),
            ("gw.test", "https://gw.test"),
            ("a b", "https://localhost:8443"), ("evil.test/x", "https://localhost:8443"),
        ] {
            let answer = await scene.get(path, host: host)
            #expect(answer.text("token_endpoint") == base + "/demo/oauth2/v2.0/token")
            #expect(answer.text("issuer") == "https://localhost:8443/demo/v2.0")
        }
        let fixed = try await IssuerScene()
        #expect(
            await fixed.get(path, host: "evil.test").text("token_endpoint")?.hasPrefix(
                IssuerScene.publicURL
            ) == true
        )
    }

    @Test func `the published keys are public, and this gateway could trust itself by them`()
        async throws
    {
        let scene = try await IssuerScene()
        try await scene.issuer.update(keys: scene.keys.rotated(at: Stage.now))
        let answers = [
            await scene.get("/demo/discovery/v2.0/keys"), await scene.get("/adfs/discovery/keys"),
            await scene.get("/demo/v2.0/discovery/keys", method: "HEAD"),
        ]
        for answer in answers {
            #expect(answer.status == 200)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains(#""d""#))
            let set = try #require(await KeySet.read(answer.body))
            #expect(set.ids.count == 2)
            #expect(set.skipped.isEmpty)
            let token = try #require(
                await scene.issuer.issue(to: scene.principal, audience: "x", now: Stage.now)
            )
            let signed = try SignedToken(token.text)
            #expect(try set.key(for: signed)?.signed(signed) == true)
        }
    }

    @Test func `other methods are refused`() async throws {
        let scene = try await IssuerScene()
        #expect(await scene.get("/demo/oauth2/v2.0/token").status == 405)
        #expect(await scene.get("/demo/oauth2/v2.0/token").header("Allow") == "POST")
        #expect(await scene.get("/demo/discovery/v2.0/keys", method: "POST").status == 405)
        #expect(await scene.get("/demo/chat/score").status == 404)
    }

    @Test(arguments: [
        "/", "", "/demo", "/demo/", "/demo/chat/score", "/demo/chat/token", "/v1/chat/completions",
        "/v1/models",
        "/demo/oauth2/v2.0/token/", "/demo//oauth2/v2.0/token", "/v1/oauth2/v2.0/token",
        "/Demo/oauth2/v2.0/token",
        "/api/discovery/v2.0/keys", "/de/oauth2/token", "/demo/oauth2/v2.0/tokens",
        "/demo/oauth2/v2.0/authorize",
        "/demo/.well-known/openid-configuration?x", "demo/oauth2/token",
        "/.well-known/openid-configuration",
        "/demo/discovery/v2.0/monkeys", "/demo/x/oauth2/token",
        "/" + String(repeating: "a", count: 200) + "/oauth2/token",
    ])
    func `paths of others are not the issuer's`(path: String) {
        #expect(!BuiltInIssuer.matches(path: path))
    }

    @Test(arguments: [
        "/demo/oauth2/v2.0/token", "/demo/oauth2/token", "/adfs/oauth2/token",
        "/ADFS/oauth2/v2.0/token",
        "/demo/discovery/v2.0/keys", "/demo/discovery/keys", "/adfs/discovery/keys",
        "/adfs/.well-known/openid-configuration",
        "/demo/v2.0/.well-known/openid-configuration", "/demo/.well-known/openid-configuration",
    ])
    func `these are`(path: String) {
        #expect(BuiltInIssuer.matches(path: path))
    }
}
