/// A program that asks the built-in issuer for tokens, as the admin API shows and takes it.
package struct PrincipalResource: Codable, Sendable, Equatable {
    /// In a request it may be left out: the URL has it.
    package var tenant: String
    /// Unique in the tenant.
    package var name: String
    /// A UUID; left out of the request that makes the principal, one is chosen.
    package var clientId: String?
    /// Left out of a PUT, it stays as it is.
    package var disabled: Bool?
    /// Only in answers; the values are not in it, but for the one that the request made.
    package var secrets: [PrincipalSecretResource]?

    package init(
        tenant: String,
        name: String,
        clientId: String? = nil,
        disabled: Bool? = nil,
        secrets: [PrincipalSecretResource]? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.clientId = clientId
        self.disabled = disabled
        self.secrets = secrets
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case clientId
        case disabled
        case secrets
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.value(.tenant, or: ""),
            name: try members.value(.name, or: ""),
            clientId: try members.value(.clientId),
            disabled: try members.value(.disabled),
            secrets: try members.value(.secrets)
        )
    }
}

/// One secret of a principal; as a request, it asks for a new one.
package struct PrincipalSecretResource: Codable, Sendable, Equatable {
    /// Chosen by the gateway; only in answers.
    package var id: String?
    /// ISO 8601; left out, never.
    package var expiresAt: String?
    /// The secret itself: only in the answer that made it.
    package var secret: String?

    package init(id: String? = nil, expiresAt: String? = nil, secret: String? = nil) {
        self.id = id
        self.expiresAt = expiresAt
        self.secret = secret
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id
        case expiresAt
        case secret
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            id: try members.value(.id),
            expiresAt: try members.value(.expiresAt),
            secret: try members.value(.secret)
        )
    }
}
