import GatewayCore
import JWTKit

/// An issuer's public key for RS256 or ES256, checked so that the algorithm follows from the key, never from a token.
///
/// It is a jwt-kit verifier of exactly one key: a foreign set never meets jwt-kit's own look-up by `kid` or `alg`.
struct TokenKey: Sendable {
    let id: String?
    let algorithm: SignatureAlgorithm
    private let verifier: any JWTAlgorithm
    /// What it was made of.
    private let source: JSONWebKey

    private static let fewestBits = 2048
    private static let mostBits = 8192
    private static let mostExponentBytes = 4
    private static let signatureBytesES256 = 64

    init(_ jwk: JSONWebKey) async throws(KeyRefusal) {
        guard jwk.use ?? "sig" == "sig", jwk.key_ops?.contains("verify") ?? true else { throw .use }
        guard jwk.d == nil else { throw .published }
        guard jwk.kid?.utf8.count ?? 0 <= TokenHeader.longestKeyID else { throw .malformed }
        let keys = JWTKeyCollection()
        switch jwk.kty {
        case "RSA":
            algorithm = .rs256
            await keys.add(rsa: try Self.rsa(jwk), digestAlgorithm: .sha256)
        case "EC":
            algorithm = .es256
            await keys.add(ecdsa: try Self.ecdsa(jwk))
        default:
            throw .type
        }
        guard jwk.alg ?? algorithm.rawValue == algorithm.rawValue else { throw .algorithm }
        guard let verifier = try? await keys.getKey(), verifier.name == algorithm.rawValue else { throw .algorithm }
        self.verifier = verifier
        source = jwk
        id = jwk.kid
    }

    /// Whether the token's signature is this key's, and of the kind that this key makes.
    func signed(_ token: SignedToken) -> Bool {
        guard token.algorithm == algorithm else { return false }
        // ECDSA signatures are raw, two numbers of 32 bytes (SECURITY J-4).
        guard algorithm != .es256 || token.signature.count == Self.signatureBytesES256 else { return false }
        return (try? verifier.verify(token.signature, signs: token.signedPart)) ?? false
    }

    private static func rsa(_ jwk: JSONWebKey) throws(KeyRefusal) -> Insecure.RSA.PublicKey {
        guard let modulus = jwk.n, let exponent = jwk.e, let bytes = Base64URL.decode(modulus.utf8),
            let power = Base64URL.decode(exponent.utf8)?.drop(while: { $0 == 0 })
        else { throw .malformed }
        let significant = bytes.drop { $0 == 0 }
        let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
        guard bits >= fewestBits else { throw .tooWeak }
        guard bits <= mostBits else { throw .tooLarge }
        guard (1...mostExponentBytes).contains(power.count), Array(power) != [1], let last = power.last, last % 2 == 1,
            let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
        else { throw .malformed }
        return key
    }

    private static func ecdsa(_ jwk: JSONWebKey) throws(KeyRefusal) -> ES256PublicKey {
        guard jwk.crv == "P-256" else { throw .algorithm }
        guard let x = jwk.x, Base64URL.decode(x.utf8)?.count == 32,
            let y = jwk.y, Base64URL.decode(y.utf8)?.count == 32,
            let key = try? ES256PublicKey(parameters: (x: x, y: y))
        else { throw .malformed }
        return key
    }
}

extension TokenKey: Equatable {
    static func == (one: TokenKey, other: TokenKey) -> Bool { one.source == other.source }
}

/// The members of a JSON Web Key that are read, named as RFC 7517 names them.
struct JSONWebKey: Codable, Equatable {
    var kty: String
    var kid: String?
    var alg: String?
    var use: String?
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var key_ops: [String]?
    var n: String?
    var e: String?
    var crv: String?
    var x: String?
    var y: String?
    /// The private part, which has no place in a published set.
    var d: String?
}
