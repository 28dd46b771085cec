import GatewayCore

@testable import GatewayTokens

/// Tokens whose header lies about algorithm or key (SECURITY J-1, J-2).
extension Hostile {
    static let unsigned: [Hostile] =
        ["none", "None", "NONE", "nOnE", ""].map { (name: String) in
            Hostile("alg '\(name)' without a signature", .algorithm) {
                "\(Forge.text($0.header.with("alg", "\"\(name)\"").json)).\(try $0.parts[1])."
            }
        } + [
            Hostile("alg none that keeps the signature", .algorithm) {
                "\(Forge.text($0.header.with("alg", #""none""#).json)).\(try $0.parts[1]).\(try $0.parts[2])"
            },
            Hostile("alg none in two parts", .malformed) {
                "\(Forge.text($0.header.with("alg", #""none""#).json)).\(try $0.parts[1])"
            },
            Hostile("alg none without kid", .algorithm) { "\(Forge.text(#"{"alg":"none"}"#)).\(try $0.parts[1])." },
        ]

    static let algorithms: [Hostile] =
        ["rs256", "RS256 ", "XX256", "RS384", "RS512", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "HS256"].map {
            (name: String) in
            Hostile("alg \(name) with a real signature", .algorithm) {
                try Forge.token(
                    header: $0.header.with("alg", "\"\(name)\"").json,
                    payload: $0.claims.json,
                    key: $0.stage.rsa,
                    as: name
                )
            }
        }
        + ["null", #"["RS256"]"#, "256", #"{"name":"RS256"}"#].map { (value: String) in
            Hostile("alg \(value)", .malformed) { try $0.signed(header: $0.header.with("alg", value)) }
        } + [
            Hostile("alg missing", .malformed) { try $0.signed(header: $0.header.without("alg")) },
            Hostile("an RS512 signature under RS256", .signature) {
                try Forge.token(header: $0.header.json, payload: $0.claims.json, key: $0.stage.rsa, as: "RS512")
            },
            Hostile("a PS256 signature under RS256", .signature) {
                try Forge.token(header: $0.header.json, payload: $0.claims.json, key: $0.stage.rsa, as: "PS256")
            },
            Hostile("RS256 under the kid of an EC key", .algorithm) {
                try $0.signed(header: $0.header.with("kid", #""ec-1""#))
            },
            Hostile("ES256 under the kid of an RSA key", .algorithm) {
                try $0.stage.token(header: $0.headerEC.with("kid", #""rsa-1""#), key: $0.stage.ec)
            },
        ]

    static let confused: [Hostile] = [
        Hostile("HS256 with the PEM as the secret", .algorithm) { $0.hmac("HS256", Array($0.stage.rsa.pem.utf8)) },
        Hostile("HS384 with the PEM as the secret", .algorithm) { $0.hmac("HS384", Array($0.stage.rsa.pem.utf8)) },
        Hostile("HS512 with the PEM as the secret", .algorithm) { $0.hmac("HS512", Array($0.stage.rsa.pem.utf8)) },
        Hostile("HS256 with the DER as the secret", .algorithm) { $0.hmac("HS256", $0.stage.rsa.der) },
        Hostile("HS256 with the JWK as the secret", .algorithm) {
            $0.hmac("HS256", Array(try $0.stage.rsa.jwk("rsa-1").utf8))
        },
        Hostile("HS256 with the modulus as the secret", .algorithm) {
            $0.hmac("HS256", Array(try $0.stage.rsa.modulus.utf8))
        },
        Hostile("HS256 with the EC key's PEM as the secret", .algorithm) {
            $0.hmac("HS256", Array($0.stage.ec.pem.utf8))
        },
        Hostile("HS256 with an empty secret", .algorithm) { $0.hmac("HS256", []) },
        Hostile("HS256 with the set's own oct key", .algorithm) { $0.hmac("HS256", $0.shared) },
        Hostile("RS256 that is really an HMAC with the PEM", .signature) {
            Forge.hmac(
                header: $0.header.json,
                payload: $0.claims.json,
                secret: Array($0.stage.rsa.pem.utf8),
                as: "HS256"
            )
        },
    ]

    static let keyNames: [Hostile] =
        [
            #""nope""#, #""""#, #""RSA-1""#, #""rsa-1 ""#, #""rsa-1\u0000""#, #""../../dev/null""#, #""' OR 1=1 --""#,
            #""http://127.0.0.1/evil""#, #""oct-1""#, #""okp-1""#, #""rsa-small""#, #""rsa-enc""#, #""rsa-ops""#,
            #""rsa-512""#, #""rsa-hmac""#, #""leaked""#, #""post-quantum""#, "\"#3\"",
            "\"" + String(repeating: "k", count: 257) + "\"",
        ].map { (value: String) in
            Hostile("kid \(value.prefix(40))", .unknownKey) { try $0.signed(header: $0.header.with("kid", value)) }
        }
        + ["7", "null", #"["rsa-1"]"#, #"{"rsa-1":1}"#].map { (value: String) in
            Hostile("kid \(value)", .malformed) { try $0.signed(header: $0.header.with("kid", value)) }
        } + [
            Hostile("an RSA key of 1024 bits", .unknownKey) {
                try $0.stage.token(header: $0.header.with("kid", #""rsa-small""#), key: $0.small)
            },
            Hostile("a key for encryption", .unknownKey) {
                try $0.stage.token(header: $0.header.with("kid", #""rsa-enc""#), key: $0.encryption)
            },
            Hostile("a key whose private half is published", .unknownKey) {
                try $0.stage.token(header: $0.headerEC.with("kid", #""leaked""#), key: $0.leaked)
            },
            Hostile("another key under a known kid", .signature) { try $0.stage.token(key: $0.evil) },
            Hostile("another EC key under a known kid", .signature) {
                try $0.stage.token(header: $0.headerEC, key: $0.evilEC)
            },
            Hostile("another key without kid", .signature) {
                try $0.stage.token(header: $0.header.without("kid"), key: $0.evil)
            },
        ]

    static let smuggledKeys: [Hostile] =
        [
            ("jku", #""http://127.0.0.1/evil""#), ("x5u", #""http://127.0.0.1/evil""#), ("x5c", #"["AAAA"]"#),
            ("x5t", #""AAAA""#), ("x5t#S256", #""AAAA""#),
        ].map { (name: String, value: String) in
            Hostile("\(name) with the attacker's key", .signature) {
                try $0.stage.token(header: $0.header.with(name, value), key: $0.evil)
            }
        } + [
            Hostile("jwk with the attacker's key", .signature) {
                try $0.stage.token(header: $0.header.with("jwk", $0.evil.jwk("rsa-1")), key: $0.evil)
            },
            Hostile("jwk with the attacker's key under its own kid", .unknownKey) {
                let header = try $0.header.with("jwk", $0.evil.jwk("mine")).with("kid", #""mine""#)
                return try $0.stage.token(header: header, key: $0.evil)
            },
            Hostile("jku at the issuer's own server", .signature) {
                try $0.stage.token(header: $0.header.with("jku", "\"\($0.stage.server.url("/evil"))\""), key: $0.evil)
            },
        ]

    static let extensions: [Hostile] =
        [#"["exp"]"#, "[]", #"["b64"]"#, "null", #""exp""#, #"["http://example.com/unknown"]"#].map { (value: String) in
            Hostile("crit \(value)", .criticalHeader) {
                try $0.signed(header: $0.header.with("crit", value).with("b64", "true"))
            }
        } + [
            Hostile("b64 false with a payload in clear", .criticalHeader) {
                let header = $0.header.with("b64", "false").with("crit", #"["b64"]"#).json
                let signed = Forge.text(header) + ".clear"
                return signed + "." + Base64URL.encode(try $0.stage.rsa.sign(signed))
            },
            Hostile("typ of a logout token", .type) { try $0.signed(header: $0.header.with("typ", #""logout+jwt""#)) },
            Hostile("typ that is a number", .malformed) { try $0.signed(header: $0.header.with("typ", "1")) },
        ]
}
