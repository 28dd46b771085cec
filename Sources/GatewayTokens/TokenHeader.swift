import Foundation

/// The members of a token's header that count; `jku`, `x5u`, `x5c` and `jwk` are never looked at (SECURITY J-2).
struct TokenHeader: Decodable {
    let algorithm: String
    let keyID: String?
    /// Whether there is a `crit` member: an extension that has to be understood, and none is.
    let isCritical: Bool

    private static let longestKeyID = 256

    init(encoded: some StringProtocol) throws(TokenRefusal) {
        guard let bytes = Base64URL.decode(encoded),
            let header = try? JSONDecoder().decode(TokenHeader.self, from: Data(bytes)),
            header.keyID?.utf8.count ?? 0 <= Self.longestKeyID
        else { throw .malformed }
        self = header
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        algorithm = try members.decode(String.self, forKey: .alg)
        keyID = members.contains(.kid) ? try members.decode(String.self, forKey: .kid) : nil
        isCritical = members.contains(.crit)
    }

    private enum Member: String, CodingKey {
        case alg
        case kid
        case crit
    }
}
