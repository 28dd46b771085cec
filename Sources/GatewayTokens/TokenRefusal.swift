// `GatewayTokens` owns what the gateway believes about JSON Web Tokens: which keys it takes, which tokens it takes from them,
// and (with the issues to come) where the keys are fetched. It never decides what a subject may do.

/// The rule that a token broke; never says anything about the token's content.
package enum TokenRefusal: Error, Equatable {
    case tooLong
    case malformed
    case algorithm
    case unknownKey
    case criticalHeader
    case signature
    case expired
    case notYetValid
    case issuer
    case audience
}

/// Why a key is not used.
package enum KeyRefusal: Error, Equatable {
    case malformed
    /// Symmetric, or of a type that the gateway does not take.
    case type
    /// Not RS256 for RSA or ES256 for P-256.
    case algorithm
    /// Not meant for signatures.
    case use
    /// An RSA key below 2,048 bits.
    case tooWeak
}
