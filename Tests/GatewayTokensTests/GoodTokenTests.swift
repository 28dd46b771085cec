import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct GoodTokenTests {
    private static let base = Stage.claims.without("oid").without("sub").without("iss")
    private static let v1 = base.with("iss", #""https://sts.test/tenant-a/""#).with("ver", #""1.0""#)
    private static let v2 = base.with("iss", "\"\(Stage.issuer)\"").with("ver", #""2.0""#)
    private static let client = "aaaaaaaa-1111-2222-3333-444444444444"
    private static let object = "bbbbbbbb-1111-2222-3333-444444444444"
    private static let identity =
        "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"

    private static func app(_ claims: Members, _ client: String, _ proof: String, _ value: String) -> Members {
        claims.with(client, "\"\(Self.client)\"").with(proof, "\"\(value)\"").with("idtyp", #""app""#)
            .with("oid", "\"\(object)\"").with("sub", "\"\(object)\"")
    }

    private static func expected(_ change: (inout VerifiedToken) -> Void) -> VerifiedToken {
        var token = VerifiedToken(
            issuer: .trusted([Stage.holder]),
            subject: object,
            audiences: [Stage.audience],
            application: client,
            kind: "app",
            issuedAt: Stage.now - 10,
            expiresAt: Stage.now + 3600 + 60
        )
        change(&token)
        return token
    }

    private static func user(_ claims: Members, _ client: String, _ proof: String) -> Members {
        claims.with(client, "\"\(Self.client)\"").with(proof, #""0""#).with("sub", #""pairwise""#)
            .with("oid", "\"\(object)\"").with("scp", #""access user.read""#).with("groups", #"["g-1","g-2"]"#)
            .with("idtyp", #""user""#)
    }

    private static let publicClient = expected {
        $0.proof = RoleAssignment.ClientProof.none
        $0.kind = "user"
        $0.scopes = ["access", "user.read"]
        $0.groups = ["g-1", "g-2"]
    }
    private static let managed = expected {
        $0.proof = .certificate
        $0.managedIdentity = identity
    }

    @Test(arguments: [
        ("a service principal with a secret, v1", app(v1, "appid", "appidacr", "1"), expected { $0.proof = .secret }),
        ("a service principal with a secret, v2", app(v2, "azp", "azpacr", "1"), expected { $0.proof = .secret }),
        (
            "a service principal with a certificate, v1", app(v1, "appid", "appidacr", "2"),
            expected { $0.proof = .certificate }
        ),
        (
            "a service principal with a certificate and roles, v2",
            app(v2, "azp", "azpacr", "2").with("roles", #"["Score.Invoke"]"#),
            expected {
                $0.proof = .certificate
                $0.applicationRoles = ["Score.Invoke"]
            }
        ),
        ("a managed identity, v1", app(v1, "appid", "appidacr", "2").with("xms_mirid", "\"\(identity)\""), managed),
        ("a managed identity, v2", app(v2, "azp", "azpacr", "2").with("xms_mirid", "\"\(identity)\""), managed),
        ("a public client, v1", user(v1, "appid", "appidacr"), publicClient),
        ("a public client, v2", user(v2, "azp", "azpacr"), publicClient),
    ])
    func `Entra's tokens say who calls`(kind: String, claims: Members, expected: VerifiedToken) async throws {
        let stage = try await HostileStage.only.value.stage
        #expect(try await stage.verify(stage.token(claims)) == .success(expected), "\(kind)")
    }

    @Test(arguments: [
        ("several audiences", Stage.claims.with("aud", #"["other","api://gateway"]"#)),
        ("an expiry with a fraction", Stage.claims.with("exp", "\(Stage.now + 3600).5")),
        ("an expiry in scientific notation", Stage.claims.with("exp", "1.9e9")),
        ("an expiry at the end of time", Stage.claims.with("exp", "1e300")),
        ("expired a moment ago", Stage.claims.with("exp", "\(Stage.now - 59)")),
        ("valid in a moment", Stage.claims.with("nbf", "\(Stage.now + 60)")),
        ("no nbf", Stage.claims.without("nbf")),
        ("no iat", Stage.claims.without("iat")),
        ("no oid", Stage.claims.without("oid")),
        ("no sub", Stage.claims.without("sub")),
        ("claims of others", Stage.claims.with("x", #"{"a":[1,2,{"b":null}],"c":{"a":1}}"#).with("name", #""Zoë ☃""#)),
        ("a claim with an escaped name", Stage.claims.with(#"http:\/\/example.com\/id"#, "1")),
        ("a proof that nobody knows", Stage.claims.with("azpacr", #""9""#)),
        ("scopes as a list", Stage.claims.with("scp", #"["a","b"]"#)),
    ])
    func `unusual but right tokens are taken`(kind: String, claims: Members) async throws {
        let stage = try await HostileStage.only.value.stage
        #expect(try await stage.refusal(of: stage.token(claims)) == nil, "\(kind)")
    }

    @Test(arguments: [
        Stage.header.without("typ"), Stage.header.with("typ", #""at+jwt""#),
        Stage.header.with("typ", #""application/at+jwt""#), Stage.header.without("kid"),
        Stage.header.with("nonce", #""n""#).with("x5t", #""abc""#),
    ])
    func `headers may be short or long`(header: Members) async throws {
        let stage = try await HostileStage.only.value.stage
        #expect(try await stage.refusal(of: stage.token(header: header)) == nil)
    }
}
