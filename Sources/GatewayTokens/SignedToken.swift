import GatewayCore

/// A token's three parts, read but not yet believed.
struct SignedToken {
    let header: TokenHeader
    let algorithm: SignatureAlgorithm
    let claims: TokenClaims
    /// What the signature is of: header and payload as they came.
    let signedPart: [UInt8]
    let signature: [UInt8]

    private static let longest = 16 * 1024

    /// Checks all that can be said before any cryptography: length, alphabet, JSON, types and algorithm.
    init(_ text: String) throws(TokenRefusal) {
        let bytes = Array(text.utf8.prefix(Self.longest + 1))
        guard bytes.count <= Self.longest else { throw .tooLong }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        header = try TokenHeader(encoded: parts[0])
        guard let algorithm = header.algorithm else { throw .algorithm }
        self.algorithm = algorithm
        guard let signature = Base64URL.decode(parts[2]), !signature.isEmpty else { throw .signature }
        self.signature = signature
        guard let payload = Base64URL.decode(parts[1]),
            let claims = JSONShape.decode(TokenClaims.self, from: payload)
        else { throw .malformed }
        self.claims = claims
        signedPart = Array(bytes[..<parts[1].endIndex])
    }
}
