// `GatewayTokens` owns what the gateway believes about JSON Web Tokens: which keys it takes and where it fetches them,
// which tokens it takes from them, and the tokens that it issues itself. It never decides what a subject may do.

/// The rule that a token broke; never says anything about the token's content.
package enum TokenRefusal: Error, Sendable, Equatable {
    case tooLong
    case malformed
    /// `typ` says that it is no access token.
    case type
    case algorithm
    case unknownKey
    /// The issuer's keys could not be fetched yet.
    case keysUnavailable
    case criticalHeader
    case signature
    case expired
    case notYetValid
    case issuer
    case audience
    /// `tid` is not the directory that the issuer was trusted for.
    case directory
    /// The built-in issuer's principal is gone or disabled.
    case revoked
}

/// Why a key is not used.
package enum KeyRefusal: Error, Sendable, Equatable {
    case malformed
    /// Symmetric, or of a type that the gateway does not take.
    case type
    /// Not RS256 for RSA or ES256 for P-256.
    case algorithm
    /// Not meant for signatures.
    case use
    /// An RSA key below 2,048 bits.
    case tooWeak
    /// An RSA key so large that checking a signature costs too much.
    case tooLarge
    /// The private half came with it, so that everybody can sign.
    case published
    /// An earlier key of the set has the same `kid`.
    case duplicate
    /// The set has more keys than are kept.
    case tooMany
}

/// What tokens may be signed with; the whole list (SECURITY J-1).
package enum SignatureAlgorithm: String, Sendable {
    case rs256 = "RS256"
    case es256 = "ES256"
}
