import GatewayCore
import Testing

@testable import GatewayTokens

/// The stage that hostile tokens meet: a key set with everything in it that must not be used, and an attacker's own keys.
struct HostileStage: Sendable {
    let stage: Stage
    let evil: TestKey
    let evilEC = TestKey.ec()
    let small: TestKey
    let encryption: TestKey
    let leaked = TestKey.ec()
    let shared = Array("a shared secret of 32 bytes here".utf8)

    /// Made once: RSA keys are slow to make, and no test changes it.
    static let only = Task { try await HostileStage() }

    private init() async throws {
        stage = try await Stage()
        evil = try .rsa()
        small = try .rsa(1024)
        encryption = try .rsa()
        try stage.publish([
            stage.rsa.jwk("rsa-1", #""use":"sig","x5t":"abc","x5c":["AAAA"],"issuer":"https://login.test""#),
            stage.ec.jwk("ec-1", #""use":"sig","alg":"ES256","key_ops":["verify"]"#),
            small.jwk("rsa-small", #""use":"sig","alg":"RS256""#),
            encryption.jwk("rsa-enc", #""use":"enc","alg":"RSA-OAEP""#),
            encryption.jwk("rsa-ops", #""key_ops":["wrapKey"]"#),
            encryption.jwk("rsa-512", #""alg":"RS512""#),
            encryption.jwk("rsa-hmac", #""alg":"HS256""#),
            leaked.jwk("leaked", #""d":"AAAA""#),
            evil.jwk("rsa-1"),
            #"{"kty":"oct","kid":"oct-1","k":"\#(Base64URL.encode(shared))","alg":"HS256"}"#,
            #"{"kty":"OKP","crv":"Ed25519","kid":"okp-1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            #"{"kty":"AKP","kid":"post-quantum","pub":"AAAA"}"#,
            #"{"kty":["RSA"],"kid":7}"#, "null", "[]", #""RSA""#,
        ])
        await stage.refresh()
        stage.server.set("/evil", .json(#"{"keys":[\#(try evil.jwk("rsa-1"))]}"#))
    }

    var claims: Members { Stage.claims }
    var header: Members { Stage.header }
    var good: String { get throws { try stage.token() } }
    var goodEC: String { get throws { try stage.token(header: headerEC, key: stage.ec) } }
    var headerEC: Members { header.with("alg", #""ES256""#).with("kid", #""ec-1""#) }

    /// The three parts of a good token.
    var parts: [String] { get throws { try good.split(separator: ".").map(String.init) } }
    var partsEC: [String] { get throws { try goodEC.split(separator: ".").map(String.init) } }

    /// Signed with the issuer's RSA key.
    func signed(_ claims: Members) throws -> String { try stage.token(claims) }
    func signed(header: Members) throws -> String { try stage.token(header: header) }
    func signed(payload: String) throws -> String {
        try Forge.token(header: header.json, payload: payload, key: stage.rsa)
    }
    func signed(headerText: String) throws -> String {
        try Forge.token(header: headerText, payload: claims.json, key: stage.rsa)
    }

    /// A good ES256 token with another signature.
    func withSignature(_ bytes: [UInt8]) throws -> String {
        let parts = try partsEC
        return "\(parts[0]).\(parts[1]).\(Base64URL.encode(bytes))"
    }

    func hmac(_ algorithm: String, _ secret: [UInt8]) -> String {
        Forge.hmac(
            header: header.with("alg", "\"\(algorithm)\"").json,
            payload: claims.json,
            secret: secret,
            as: algorithm
        )
    }
}

/// One token that must be refused, and by which rule.
struct Hostile: Sendable, CustomTestStringConvertible {
    let name: String
    let refusal: TokenRefusal
    let make: @Sendable (HostileStage) throws -> String

    var testDescription: String { name }

    init(_ name: String, _ refusal: TokenRefusal, _ make: @escaping @Sendable (HostileStage) throws -> String) {
        self.name = name
        self.refusal = refusal
        self.make = make
    }
}
