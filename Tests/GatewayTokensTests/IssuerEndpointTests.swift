import Foundation
import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct IssuerEndpointTests {
    private static func basic(_ id: String, _ secret: String) -> String {
        "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
    }

    @Test(arguments: [
        "/demo/oauth2/v2.0/token", "/demo/oauth2/token", "/adfs/oauth2/v2.0/token",
        "/ADFS/oauth2/token",
        "/demo/v2.0/oauth2/token",
    ])
    func `the form of azure-identity brings a token that works here`(path: String) async throws {
        let scene = try await IssuerScene()
        let answer = await scene.post(scene.form(), to: path)
        #expect(answer.status == 200)
        #expect(answer.text("token_type") == "Bearer")
        #expect(answer.json["expires_in"] as? Int == 3599)
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("Content-Type") == "application/json")
        let token = try #require(answer.text("access_token"))
        #expect(try scene.claims(of: token)["aud"] as? String == "https://ml.azure.com")
        let verified = try await scene.service.verify(token, now: Stage.now).get()
        #expect(verified.issuer == .builtIn(tenant: "demo"))
    }

    @Test func `the secret may come by HTTP Basic`() async throws {
        let scene = try await IssuerScene()
        let id = scene.principal.clientID
        let unsigned = scene.form(["client_secret": nil])
        for form in [unsigned, scene.form(["client_secret": nil, "client_id": nil])] {
            #expect(await scene.post(form, authorization: Self.basic(id, scene.secret)).status == 200)
        }
        #expect(
            await scene.post(unsigned, authorization: Self.basic(id, "wrong")).text("error")
                == "invalid_client"
        )
        let twice = await scene.post(scene.form(), authorization: Self.basic(id, scene.secret))
        #expect(twice.text("error") == "invalid_request")
        let other = scene.form(["client_secret": nil, "client_id": "other"])
        #expect(
            await scene.post(other, authorization: Self.basic(id, scene.secret)).text("error")
                == "invalid_request"
        )
        for junk in [
            "Basic", "Basic !", "Basic " + Data("nocolon".utf8).base64EncodedString(), "Bearer x",
        ] {
            #expect(await scene.post(unsigned, authorization: junk).status == 401)
        }
    }

    @Test func `clients that cannot prove themselves all get the same answer`() async throws {
        let scene = try await IssuerScene()
        var disabled = scene.principal
        disabled.clientID = "dddddddd-1111-2222-3333-444444444444"
        disabled.isDisabled = true
        scene.issuer.update(principals: [scene.principal, disabled])
        let attempts: [([UInt8], String)] = [
            (scene.form(["client_secret": "wrong"]), "/demo/oauth2/v2.0/token"),
            (scene.form(["client_secret": nil]), "/demo/oauth2/v2.0/token"),
            (scene.form(["client_secret": ""]), "/demo/oauth2/v2.0/token"),
            (scene.form(["client_secret": scene.expired]), "/demo/oauth2/v2.0/token"),
            (scene.form(["client_id": "unknown"]), "/demo/oauth2/v2.0/token"),
            (scene.form(["client_id": disabled.clientID]), "/demo/oauth2/v2.0/token"),
            (scene.form(), "/other/oauth2/v2.0/token"),
            (scene.form(["client_secret": "wrong"]), "/adfs/oauth2/token"),
            (
                scene.form(["client_secret": "wrong", "scope": "https://evil.test/.default"]),
                "/adfs/oauth2/token"
            ),
            (scene.form(["client_secret": nil, "client_assertion": "x.y.z"]), "/demo/oauth2/v2.0/token"),
        ]
        var bodies: Set<[UInt8]> = []
        for (form, path) in attempts {
            let answer = await scene.post(form, to: path)
            #expect(answer.status == 401)
            #expect(answer.text("error") == "invalid_client")
            #expect(answer.header("WWW-Authenticate")?.hasPrefix("Basic ") == true)
            #expect(answer.header("Cache-Control") == "no-store")
            bodies.insert(answer.body)
        }
        #expect(bodies.count == 1)
    }

    @Test func `each secret counts until it expires`() async throws {
        let scene = try await IssuerScene()
        #expect(await scene.post(scene.form(["client_secret": scene.expiring])).status == 200)
        #expect(await scene.post(scene.form(["client_secret": scene.expired])).status == 401)
        #expect(
            await scene.post(scene.form(["client_id": scene.principal.clientID.uppercased()])).status
                == 200
        )
    }

    @Test(
        arguments: [
            (["grant_type": nil], "invalid_request"),
            (["grant_type": "password"], "unsupported_grant_type"),
            (["grant_type": "authorization_code"], "unsupported_grant_type"),
            (["client_id": nil], "invalid_request"),
            (["client_secret": "%zz"], "invalid_request"), (["x": "1&x=2"], "invalid_request"),
            (["x": "%ff"], "invalid_request"),
            (["scope": "https://evil.test/.default"], "invalid_scope"),
            (["scope": "https://ml.azure.com.evil.test/.default"], "invalid_scope"),
            (["scope": "https://ml.azure.com/.default+openid"], "invalid_scope"),
            (["scope": "+"], "invalid_scope"),
            (["scope": "https://ml.azure.com@evil.test/.default"], "invalid_scope"),
        ] as [([String: String?], String)]
    )
    func `a wrong request is told what is wrong`(changes: [String: String?], code: String)
        async throws
    {
        let scene = try await IssuerScene()
        let answer = await scene.post(scene.form(changes))
        #expect(answer.status == 400)
        #expect(answer.text("error") == code)
        #expect(answer.text("error_description")?.contains("evil") == false)
    }

    @Test(arguments: [
        ("https://ml.azure.com/.default", "https://ml.azure.com"),
        ("https://management.azure.com//.default", "https://management.azure.com/"),
        ("https://models.test:8443/.default", "https://models.test:8443"),
        ("https://models.test:8444/.default", "https://models.test:8444"),
        ("https://admin.test:8444/.default", "https://admin.test:8444"),
        ("https://localhost:8444/.default", "https://localhost:8444"),
        ("api://gatehouse/.default", "api://gatehouse"),
        ("cccccccc-1111-2222-3333-444444444444/.default", "cccccccc-1111-2222-3333-444444444444"),
        (
            "api://cccccccc-1111-2222-3333-444444444444/.default",
            "api://cccccccc-1111-2222-3333-444444444444"
        ),
    ])
    func `a scope names the gateway in one of its ways`(scope: String, audience: String) async throws {
        let scene = try await IssuerScene()
        let token = try #require(await scene.post(scene.form(["scope": scope])).text("access_token"))
        #expect(try scene.claims(of: token)["aud"] as? String == audience)
        #expect(await scene.refusal(of: token) == nil)
    }

    @Test func `without a scope the token is for the gateway, and v1's resource counts`() async throws {
        let scene = try await IssuerScene()
        let plain = try #require(await scene.post(scene.form(["scope": nil])).text("access_token"))
        #expect(try scene.claims(of: plain)["aud"] as? String == IssuerScene.publicURL)
        let v1 = scene.form(["scope": nil, "resource": "https://management.azure.com/"])
        let token = try #require(await scene.post(v1, to: "/demo/oauth2/token").text("access_token"))
        #expect(try scene.claims(of: token)["aud"] as? String == "https://management.azure.com/")
    }

    @Test(arguments: [nil, "application/json", "text/plain", "multipart/form-data"])
    func `only forms are read`(type: String?) async throws {
        let scene = try await IssuerScene()
        #expect(await scene.post(scene.form(), contentType: type).text("error") == "invalid_request")
        let charset = "Application/X-WWW-Form-URLencoded; charset=utf-8"
        #expect(await scene.post(scene.form(), contentType: charset).status == 200)
        #expect(await scene.post([UInt8](repeating: 0x61, count: 70_000)).status == 400)
    }
}
