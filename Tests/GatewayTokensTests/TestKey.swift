import Crypto
import CryptoExtras
import Foundation
import GatewayCore

@testable import GatewayTokens

/// A key pair of a test's issuer or attacker.
struct TestKey: Sendable {
    enum Secret: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case ec(P256.Signing.PrivateKey)
    }

    let secret: Secret

    static func rsa(_ bits: Int = 2048) throws -> TestKey {
        TestKey(secret: .rsa(try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits))))
    }

    static func ec() -> TestKey { TestKey(secret: .ec(P256.Signing.PrivateKey())) }

    /// The public half, with more members as JSON text.
    func jwk(_ id: String?, _ more: String = "") throws -> String {
        let name = id.map { #""kid":"\#($0)","# } ?? ""
        let tail = more.isEmpty ? "" : "," + more
        switch secret {
        case .rsa(let key):
            let (n, e) = try (modulus, key.publicKey.getKeyPrimitives().publicExponent)
            return #"{"kty":"RSA",\#(name)"n":"\#(n)","e":"\#(Base64URL.encode(e))"\#(tail)}"#
        case .ec(let key):
            let point = key.publicKey.rawRepresentation
            let (x, y) = (Base64URL.encode(point.prefix(32)), Base64URL.encode(point.suffix(32)))
            return #"{"kty":"EC","crv":"P-256",\#(name)"x":"\#(x)","y":"\#(y)"\#(tail)}"#
        }
    }

    /// Base64url of an RSA key's modulus.
    var modulus: String {
        get throws {
            guard case .rsa(let key) = secret else { return "" }
            return Base64URL.encode(try key.publicKey.getKeyPrimitives().modulus)
        }
    }

    var pem: String {
        switch secret {
        case .rsa(let key): key.publicKey.pemRepresentation
        case .ec(let key): key.publicKey.pemRepresentation
        }
    }

    var der: [UInt8] {
        switch secret {
        case .rsa(let key): Array(key.publicKey.derRepresentation)
        case .ec(let key): Array(key.publicKey.derRepresentation)
        }
    }

    /// The signature that the algorithm of this name would make; `nil` = that of the key's own kind with SHA-256.
    func sign(_ text: String, as algorithm: String? = nil) throws -> [UInt8] {
        let bytes = Array(text.utf8)
        switch secret {
        case .ec(let key): return Array(try key.signature(for: SHA256.hash(data: bytes)).rawRepresentation)
        case .rsa(let key):
            switch algorithm {
            case "RS384":
                return Array(
                    try key.signature(for: SHA384.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
                )
            case "RS512":
                return Array(
                    try key.signature(for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
                )
            case "PS256":
                return Array(try key.signature(for: SHA256.hash(data: bytes), padding: .PSS).rawRepresentation)
            default:
                return Array(
                    try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
                )
            }
        }
    }
}

/// The members of a JSON object, as text, in order.
struct Members: Sendable {
    private var list: [(name: String, value: String)]

    init(_ list: [(String, String)]) {
        self.list = list.map { (name: $0, value: $1) }
    }

    /// The same with a member set, or added, to JSON text.
    func with(_ name: String, _ value: String) -> Members {
        var other = self
        if let index = list.firstIndex(where: { $0.name == name }) {
            other.list[index].value = value
        } else {
            other.list.append((name, value))
        }
        return other
    }

    func without(_ name: String) -> Members {
        Members(list.filter { $0.name != name }.map { ($0.name, $0.value) })
    }

    var json: String { "{" + list.map { #""\#($0.name)":\#($0.value)"# }.joined(separator: ",") + "}" }
}

/// Puts tokens together, good and bad ones alike.
enum Forge {
    static func text(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }

    static func token(
        header: String,
        payload: String,
        key: TestKey,
        as algorithm: String? = nil
    ) throws -> String {
        let signed = text(header) + "." + text(payload)
        return signed + "." + Base64URL.encode(try key.sign(signed, as: algorithm))
    }

    /// Signed with a shared secret: what an attacker who only knows the public key can do.
    static func hmac(header: String, payload: String, secret: [UInt8], as algorithm: String) -> String {
        let signed = text(header) + "." + text(payload)
        let (key, bytes) = (SymmetricKey(data: secret), Array(signed.utf8))
        let code: [UInt8] =
            switch algorithm {
            case "HS384": Array(HMAC<SHA384>.authenticationCode(for: bytes, using: key))
            case "HS512": Array(HMAC<SHA512>.authenticationCode(for: bytes, using: key))
            default: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
            }
        return signed + "." + Base64URL.encode(code)
    }
}
