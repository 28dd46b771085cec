import GatewayCore
import JWTKit

/// The built-in issuer's own keys, newest first: that one signs, the others are still believed.
///
/// Holds private keys: the caller keeps it sealed.
package struct SigningKeys: Sendable, Equatable, Codable {
    /// One ES256 key.
    package struct Key: Sendable, Equatable, Codable {
        package let id: String
        /// The private key.
        package let pem: String
        /// Seconds since 1970.
        package let createdAt: Int64

        static func generate(at now: Int64) -> Key {
            var generator = SystemRandomNumberGenerator()
            let id = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            return Key(id: Base64URL.encode(id), pem: ES256PrivateKey().pemRepresentation, createdAt: now)
        }
    }

    /// A key that cannot be read.
    package struct Unreadable: Error, Equatable {
        package let id: String
    }

    /// The longest that a token may live, in seconds: so long a replaced key is believed at least.
    package static let longestLifetime: Int64 = 24 * 3600

    /// Never empty.
    package let keys: [Key]

    /// The first keys of an installation.
    package static func generate(at now: Int64) -> SigningKeys {
        SigningKeys(keys: [.generate(at: now)])
    }

    private init(keys: [Key]) {
        self.keys = keys
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        keys = try members.decode([Key].self, forKey: .keys)
        guard !keys.isEmpty else {
            throw DecodingError.dataCorruptedError(forKey: .keys, in: members, debugDescription: "no key")
        }
    }

    /// When the key that signs was made, in seconds since 1970.
    package var newestCreatedAt: Int64 { keys.first?.createdAt ?? 0 }

    /// A new key in front.
    ///
    /// The one that it replaces stays, and so do those whose last tokens may not have expired.
    package func rotated(at now: Int64) -> SigningKeys {
        let rest = keys.enumerated().filter { index, _ in
            // A key was replaced when the one before it was made; the first is replaced now.
            index == 0 || now - keys[index - 1].createdAt < Self.longestLifetime
        }
        return SigningKeys(keys: [.generate(at: now)] + rest.map(\.element))
    }
}

/// The signing keys, read: one that signs, and all that are believed.
struct SigningMaterial: Sendable {
    let signer: JWTKeyCollection
    let signerID: String
    let believed: KeySet
    /// The public halves, as `discovery/v2.0/keys` answers.
    let published: [JSONWebKey]

    init(_ keys: SigningKeys) async throws(SigningKeys.Unreadable) {
        var published: [JSONWebKey] = []
        var signer: JWTKeyCollection?
        for key in keys.keys {
            guard let secret = try? ES256PrivateKey(pem: key.pem), let point = secret.publicKey.parameters else {
                throw SigningKeys.Unreadable(id: key.id)
            }
            var jwk = JSONWebKey(kty: "EC", kid: key.id, alg: SignatureAlgorithm.es256.rawValue, use: "sig")
            jwk.crv = "P-256"
            // jwt-kit gives the plain alphabet with padding.
            jwk.x = point.x.inURLAlphabet
            jwk.y = point.y.inURLAlphabet
            published.append(jwk)
            if signer == nil { signer = await JWTKeyCollection().add(ecdsa: secret) }
        }
        guard let signer, let first = keys.keys.first else { throw SigningKeys.Unreadable(id: "") }
        self.signer = signer
        signerID = first.id
        self.published = published
        believed = await KeySet(published)
    }
}

extension String {
    fileprivate var inURLAlphabet: String {
        String(
            decoding: utf8.compactMap { byte -> UInt8? in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                case UInt8(ascii: "="): nil
                default: byte
                }
            },
            as: UTF8.self
        )
    }
}
