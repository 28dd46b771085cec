@testable import GatewayTokens

/// Tokens that are signed well and say the wrong thing (SECURITY J-3).
extension Hostile {
    private static func claim(_ name: String, _ value: String, _ refusal: TokenRefusal) -> Hostile {
        Hostile("\(name) \(value.prefix(60))", refusal) { try $0.signed($0.claims.with(name, value)) }
    }

    private static func without(_ name: String, _ refusal: TokenRefusal) -> Hostile {
        Hostile("no \(name)", refusal) { try $0.signed($0.claims.without(name)) }
    }

    static let times: [Hostile] = [
        claim("exp", "\(Stage.now - 3600)", .expired),
        claim("exp", "\(Stage.now - 60)", .expired),
        claim("exp", "0", .expired),
        claim("exp", "-1", .expired),
        claim("exp", "-1e300", .expired),
        claim("exp", "1e400", .malformed),
        claim("exp", "\"\(Stage.now + 3600)\"", .malformed),
        claim("exp", "null", .malformed),
        claim("exp", "true", .malformed),
        claim("exp", "[\(Stage.now + 3600)]", .malformed),
        claim("exp", #"{"at":\#(Stage.now + 3600)}"#, .malformed),
        without("exp", .malformed),
        claim("nbf", "\(Stage.now + 3600)", .notYetValid),
        claim("nbf", "\(Stage.now + 61)", .notYetValid),
        claim("nbf", "1e300", .notYetValid),
        claim("nbf", #""soon""#, .malformed),
        claim("nbf", "null", .malformed),
        claim("iat", #""yesterday""#, .malformed),
        claim("iat", "null", .malformed),
    ]

    static let audiences: [Hostile] = [
        claim("aud", #""api://other""#, .audience),
        claim("aud", #""""#, .audience),
        claim("aud", "[]", .audience),
        claim("aud", #"["api://other","api://gatewa"]"#, .audience),
        claim("aud", #""api://gateway-evil""#, .audience),
        claim("aud", #""api://gateway/""#, .audience),
        claim("aud", #""api://gateway api://other""#, .audience),
        claim("aud", #""API://GATEWAY""#, .audience),
        claim("aud", #"[["api://gateway"]]"#, .malformed),
        claim("aud", #"["api://gateway",7]"#, .malformed),
        claim("aud", #"{"0":"api://gateway"}"#, .malformed),
        claim("aud", "null", .malformed),
        claim("aud", "1", .malformed),
        without("aud", .malformed),
    ]

    static let issuers: [Hostile] = [
        claim("iss", #""https://evil.test/v2.0""#, .issuer),
        claim("iss", #""https://login.test/tenant-a/v2.0/""#, .issuer),
        claim("iss", #""https://login.test/tenant-b/v2.0""#, .issuer),
        claim("iss", #""https://LOGIN.test/tenant-a/v2.0""#, .issuer),
        claim("iss", #""https://login.test/tenant%2da/v2.0""#, .issuer),
        claim("iss", #""https://login.test/tenant-a/v2.0\u0000""#, .issuer),
        claim("iss", #""https://sts.other.test/tenant-a/""#, .issuer),
        claim("iss", #""""#, .issuer),
        claim("iss", #"["https://login.test/tenant-a/v2.0"]"#, .malformed),
        claim("iss", "null", .malformed),
        without("iss", .malformed),
        claim("tid", #""99999999-2222-3333-4444-555555555555""#, .directory),
        claim("tid", #""""#, .directory),
        claim("tid", "null", .malformed),
        claim("tid", #"["\#(Stage.directory)"]"#, .malformed),
        without("tid", .directory),
    ]

    static let subjects: [Hostile] = [
        Hostile("neither oid nor sub", .malformed) { try $0.signed($0.claims.without("oid").without("sub")) },
        claim("oid", #""""#, .malformed),
        claim("oid", "7", .malformed),
        claim("oid", #""a\r\nlevel=info""#, .malformed),
        claim("oid", #""a\u009b31m""#, .malformed),
        claim("oid", "\"" + String(repeating: "s", count: 256) + "\"", .malformed),
        claim("sub", "null", .malformed),
        claim("appid", "1", .malformed),
        claim("azp", "null", .malformed),
        claim("azpacr", "2", .malformed),
        claim("appidacr", "true", .malformed),
        claim("roles", #""admin""#, .malformed),
        claim("roles", "[1]", .malformed),
        claim("groups", #"{"0":"admins"}"#, .malformed),
        claim("scp", "1", .malformed),
        claim("xms_mirid", "[]", .malformed),
        claim("idtyp", "false", .malformed),
    ]
}
