import GatewayCore

/// The issuers that tenants trust, by `iss`, frozen.
struct IssuerTable: Sendable {
    /// One tenant's rule for the tokens of one issuer.
    struct Rule: Sendable {
        let holder: VerifiedToken.TenantIssuer
        let audiences: Set<String>
        let directoryID: String?
        let location: KeyLocation
        let source: KeySource
    }

    private let rules: [String: [Rule]]
    let sources: [KeyLocation: KeySource]

    static let empty = IssuerTable(rules: [:], sources: [:])

    private init(rules: [String: [Rule]], sources: [KeyLocation: KeySource]) {
        self.rules = rules
        self.sources = sources
    }

    /// Sources of places that stay are taken over, their keys with them.
    init(
        _ issuers: [TrustedIssuer],
        networks: TenantNetworks,
        keeping known: [KeyLocation: KeySource],
        make: (KeyLocation) -> KeySource
    ) {
        var rules: [String: [Rule]] = [:]
        var sources: [KeyLocation: KeySource] = [:]
        for issuer in issuers {
            let reach = networks.reach(of: issuer.tenant, isNamedByTenant: issuer.isNamedByTenant)
            let location = KeyLocation(issuer, reach: reach)
            let source = sources[location] ?? known[location] ?? make(location)
            sources[location] = source
            let rule = Rule(
                holder: VerifiedToken.TenantIssuer(tenant: issuer.tenant, name: issuer.name),
                audiences: Set(issuer.audiences),
                directoryID: issuer.directoryID,
                location: location,
                source: source
            )
            for name in Set(issuer.issuers) { rules[name, default: []].append(rule) }
        }
        self.init(rules: rules, sources: sources)
    }

    /// The rules that take what a token says, before its signature is known to be good; never none.
    func rules(for claims: TokenClaims) throws(TokenRefusal) -> [Rule] {
        guard let ofIssuer = rules[claims.issuer] else { throw .issuer }
        let ofAudience = ofIssuer.filter { !$0.audiences.isDisjoint(with: claims.audiences) }
        guard !ofAudience.isEmpty else { throw .audience }
        let ofDirectory = ofAudience.filter { $0.directoryID == nil || $0.directoryID == claims.directoryID }
        guard !ofDirectory.isEmpty else { throw .directory }
        return ofDirectory
    }
}
