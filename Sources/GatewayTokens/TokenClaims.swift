import GatewayCore

/// What a token says, in the shapes of Entra's v1 and v2; wrong JSON types do not decode.
struct TokenClaims: Decodable, Sendable {
    let issuer: String
    let audiences: [String]
    /// Seconds since 1970.
    let expiration: Double
    let notBefore: Double?
    let issuedAt: Double?
    /// `oid`, else `sub`.
    let subject: String
    let directoryID: String?
    /// `azp` (v2), else `appid` (v1).
    let application: String?
    let proof: RoleAssignment.ClientProof?
    let groups: [String]
    let roles: [String]
    let scopes: [String]
    let managedIdentity: String?
    let kind: String?
    /// The built-in issuer's mark of an `aml_token`; nobody else's tokens are asked for it.
    let endpoint: String?

    /// How far the issuer's clock may be from ours, in seconds (SECURITY J-3).
    static let skew = 60.0
    private static let longestSubject = 255
    /// The last second that an `Int64` and a `Double` agree on.
    private static let latest = 9_007_199_254_740_991.0

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        issuer = try members.decode(String.self, forKey: .iss)
        audiences = try members.oneOrMany(.aud)
        expiration = try members.decode(Double.self, forKey: .exp)
        notBefore = try members.whenPresent(.nbf)
        issuedAt = try members.whenPresent(.iat)
        let object: String? = try members.whenPresent(.oid)
        let subject: String? = try members.whenPresent(.sub)
        self.subject = try Self.checked(object ?? subject)
        directoryID = try members.whenPresent(.tid)
        let applicationV2: String? = try members.whenPresent(.azp)
        let applicationV1: String? = try members.whenPresent(.appid)
        application = applicationV2 ?? applicationV1
        let proofV2: String? = try members.whenPresent(.azpacr)
        let proofV1: String? = try members.whenPresent(.appidacr)
        proof = (proofV2 ?? proofV1).flatMap(RoleAssignment.ClientProof.init)
        groups = try members.whenPresent(.groups) ?? []
        roles = try members.whenPresent(.roles) ?? []
        let words = try members.contains(.scp) ? members.oneOrMany(.scp) : []
        scopes = words.flatMap { $0.split(separator: " ").map(String.init) }
        managedIdentity = try members.whenPresent(.managedIdentity)
        kind = try members.whenPresent(.idtyp)
        endpoint = try members.whenPresent(.endpoint)
    }

    /// It becomes part of labels and log lines.
    private static func checked(_ subject: String?) throws -> String {
        guard let subject, (1...longestSubject).contains(subject.utf8.count),
            subject.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw TokenRefusal.malformed }
        return subject
    }

    func checkTime(at now: Int64) throws(TokenRefusal) {
        let now = Double(now)
        guard now < expiration + Self.skew else { throw .expired }
        guard now >= (notBefore ?? now) - Self.skew else { throw .notYetValid }
    }

    func verified(_ issuer: VerifiedToken.Issuer) -> VerifiedToken {
        VerifiedToken(
            issuer: issuer,
            subject: subject,
            audiences: Set(audiences),
            application: application,
            proof: proof,
            groups: Set(groups),
            applicationRoles: Set(roles),
            scopes: Set(scopes),
            managedIdentity: managedIdentity,
            kind: kind,
            issuedAt: Int64(max(0, min(issuedAt ?? 0, Self.latest))),
            expiresAt: Int64(min(expiration + Self.skew, Self.latest))
        )
    }

    fileprivate enum Member: String, CodingKey {
        case iss
        case aud
        case exp
        case nbf
        case iat
        case sub
        case oid
        case tid
        case azp
        case appid
        case azpacr
        case appidacr
        case groups
        case roles
        case scp
        case managedIdentity = "xms_mirid"
        case idtyp
        case endpoint = "gatehouse_endpoint"
    }
}

extension KeyedDecodingContainer<TokenClaims.Member> {
    /// `null` is a value of the wrong type, not a missing one.
    fileprivate func whenPresent<Value: Decodable>(_ member: Key) throws -> Value? {
        contains(member) ? try decode(Value.self, forKey: member) : nil
    }

    fileprivate func oneOrMany(_ member: Key) throws -> [String] {
        if let one = try? decode(String.self, forKey: member) { return [one] }
        return try decode([String].self, forKey: member)
    }
}
