import GatewayCore

/// The members of a token's header that count; `jku`, `x5u`, `x5c` and `jwk` are never looked at (SECURITY J-2).
struct TokenHeader: Decodable {
    private let algorithmName: String
    let keyID: String?
    private let type: String?
    /// Whether there is a `crit` member: an extension that has to be understood, and none is.
    private let isCritical: Bool

    static let longestKeyID = 256
    private static let types: Set<String> = ["jwt", "at+jwt", "application/at+jwt"]

    /// What the token claims to be signed with, where that is on our list.
    var algorithm: SignatureAlgorithm? { SignatureAlgorithm(rawValue: algorithmName) }

    init(encoded: some Collection<UInt8>) throws(TokenRefusal) {
        guard let bytes = Base64URL.decode(encoded), let header = JSONShape.decode(TokenHeader.self, from: bytes) else {
            throw .malformed
        }
        guard header.algorithm != nil else { throw .algorithm }
        guard !header.isCritical else { throw .criticalHeader }
        guard header.type.map({ Self.types.contains($0.lowercased()) }) ?? true else { throw .type }
        guard header.keyID?.utf8.count ?? 0 <= Self.longestKeyID else { throw .unknownKey }
        self = header
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        algorithmName = try members.decode(String.self, forKey: .alg)
        keyID = members.contains(.kid) ? try members.decode(String.self, forKey: .kid) : nil
        type = members.contains(.typ) ? try members.decode(String.self, forKey: .typ) : nil
        isCritical = members.contains(.crit)
    }

    private enum Member: String, CodingKey {
        case alg
        case kid
        case typ
        case crit
    }
}
