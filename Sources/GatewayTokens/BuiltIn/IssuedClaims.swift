import GatewayCore
import JWTKit

/// What the built-in issuer writes into a token, in the shape of Entra's v2.
struct IssuedClaims: JWTPayload {
    var iss: String
    var aud: String
    var sub: String
    var oid: String
    var tid: String
    var iat: Int64
    var nbf: Int64
    var exp: Int64
    var uti = IssuedClaims.random()
    var ver = "2.0"
    var idtyp: String?
    var azp: String?
    var appid: String?
    var azpacr: String?
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var gatehouse_endpoint: String?

    init(issuer: String, audience: String, subject: String, tenant: String, now: Int64, lifetime: Int64) {
        iss = issuer
        aud = audience
        sub = subject
        oid = subject
        tid = tenant
        iat = now
        nbf = now
        exp = now + lifetime
    }

    /// Nothing here: the built-in issuer checks its own tokens like anybody's.
    func verify(using algorithm: some JWTAlgorithm) {}

    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base64URL.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
