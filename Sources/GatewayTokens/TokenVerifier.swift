package import Foundation
import JWTKit

/// Verifies the tokens of one issuer that signs with one key.
///
/// Nothing uses it yet: key sets, their refresh and the way from an exchange to here come with the issue on tokens.
package struct TokenVerifier: Sendable {
    private let key: TokenKey
    private let issuer: String
    private let audience: String

    private static let longestToken = 16 * 1024
    /// How far the issuer's clock may be from ours, in seconds.
    private static let skew = 60.0

    package init(key: TokenKey, issuer: String, audience: String) {
        self.key = key
        self.issuer = issuer
        self.audience = audience
    }

    /// Returns the claims of a token that is valid at the given time.
    package func verify(_ token: String, at now: Date) async throws(TokenRefusal) -> TokenClaims {
        try checkShape(token)
        let claims = try await verifySignature(token)
        try check(claims, at: now.timeIntervalSince1970)
        return claims
    }

    /// All that can be said before any cryptography: length, alphabet, algorithm and key.
    private func checkShape(_ token: String) throws(TokenRefusal) {
        guard token.utf8.count <= Self.longestToken else { throw .tooLong }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        let header = try TokenHeader(encoded: parts[0])
        guard header.algorithm == key.algorithm.rawValue else { throw .algorithm }
        guard !header.isCritical else { throw .criticalHeader }
        if let id = key.id, header.keyID != id { throw .unknownKey }
        guard Base64URL.decode(parts[1]) != nil else { throw .malformed }
        guard let signature = Base64URL.decode(parts[2]) else { throw .malformed }
        // ECDSA signatures are raw, two numbers of 32 bytes (SECURITY J-4).
        if key.algorithm == .es256, signature.count != 64 { throw .signature }
    }

    private func verifySignature(_ token: String) async throws(TokenRefusal) -> TokenClaims {
        let keys = JWTKeyCollection()
        switch key.material {
        case .rsa(let key): await keys.add(rsa: key, digestAlgorithm: .sha256)
        case .ecdsa(let key): await keys.add(ecdsa: key)
        }
        do {
            return try await keys.verify(token, as: TokenClaims.self)
        } catch let error as JWTError where error.errorType == .malformedToken {
            throw .malformed
        } catch is DecodingError {
            throw .malformed
        } catch {
            throw .signature
        }
    }

    private func check(_ claims: TokenClaims, at now: Double) throws(TokenRefusal) {
        guard claims.issuer == issuer else { throw .issuer }
        guard claims.audiences.contains(audience) else { throw .audience }
        guard now < claims.expiration + Self.skew else { throw .expired }
        guard now >= (claims.notBefore ?? now) - Self.skew else { throw .notYetValid }
    }
}
