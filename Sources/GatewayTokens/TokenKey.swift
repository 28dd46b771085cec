import Foundation
import JWTKit

/// An issuer's public key for RS256 or ES256, checked so that the algorithm follows from the key and never from a token.
package struct TokenKey: Sendable {
    /// What a key may sign with; the whole list (SECURITY J-1).
    enum Algorithm: String {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    /// The key as jwt-kit takes it.
    enum Material: Sendable {
        case rsa(Insecure.RSA.PublicKey)
        case ecdsa(ES256PublicKey)
    }

    let id: String?
    let algorithm: Algorithm
    let material: Material

    /// Reads one JSON Web Key.
    package init(jwk: String) throws(KeyRefusal) {
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(jwk.utf8)) else { throw .malformed }
        guard fields.use ?? "sig" == "sig", fields.key_ops?.contains("verify") ?? true else { throw .use }
        id = fields.kid
        switch fields.kty {
        case "RSA":
            algorithm = .rs256
            material = .rsa(try Self.rsa(fields))
        case "EC":
            algorithm = .es256
            material = .ecdsa(try Self.ecdsa(fields))
        default:
            throw .type
        }
        guard fields.alg ?? algorithm.rawValue == algorithm.rawValue else { throw .algorithm }
    }

    private static let fewestBits = 2048

    private static func rsa(_ fields: Fields) throws(KeyRefusal) -> Insecure.RSA.PublicKey {
        guard let modulus = fields.n, let exponent = fields.e, let bytes = Base64URL.decode(modulus) else {
            throw .malformed
        }
        let significant = bytes.drop { $0 == 0 }
        let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
        guard bits >= fewestBits else { throw .tooWeak }
        guard let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent) else { throw .malformed }
        return key
    }

    private static func ecdsa(_ fields: Fields) throws(KeyRefusal) -> ES256PublicKey {
        guard fields.crv == "P-256" else { throw .algorithm }
        guard let x = fields.x, let y = fields.y, let key = try? ES256PublicKey(parameters: (x: x, y: y)) else {
            throw .malformed
        }
        return key
    }

    /// The members that are read, named as RFC 7517 names them.
    private struct Fields: Decodable {
        let kty: String
        let kid: String?
        let alg: String?
        let use: String?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let key_ops: [String]?
        let n: String?
        let e: String?
        let crv: String?
        let x: String?
        let y: String?
    }
}
