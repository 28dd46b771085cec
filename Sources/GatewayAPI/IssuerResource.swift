/// Somebody else's issuer whose tokens a tenant trusts, as the admin API shows and takes it.
package struct IssuerResource: Codable, Sendable, Equatable {
    /// In a request it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    /// The exact values of `iss` that count; Entra has one for v1 and one for v2.
    package var issuers: [String]
    package var audiences: [String]
    /// `tid` must have this value, when set.
    package var directoryId: String?
    /// The OpenID discovery document; left out where `keysUrl` is given.
    package var discoveryUrl: String?
    /// The JSON Web Key Set; left out, as the discovery document says.
    package var keysUrl: String?

    package init(
        tenant: String,
        name: String,
        issuers: [String],
        audiences: [String],
        directoryId: String? = nil,
        discoveryUrl: String? = nil,
        keysUrl: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.issuers = issuers
        self.audiences = audiences
        self.directoryId = directoryId
        self.discoveryUrl = discoveryUrl
        self.keysUrl = keysUrl
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case issuers
        case audiences
        case directoryId
        case discoveryUrl
        case keysUrl
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.value(.tenant, or: ""),
            name: try members.value(.name, or: ""),
            issuers: try members.decode([String].self, forKey: .issuers),
            audiences: try members.decode([String].self, forKey: .audiences),
            directoryId: try members.value(.directoryId),
            discoveryUrl: try members.value(.discoveryUrl),
            keysUrl: try members.value(.keysUrl)
        )
    }
}
