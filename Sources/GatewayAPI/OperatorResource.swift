/// A local account of the admin API, as it shows and takes it.
package struct OperatorResource: Codable, Sendable, Equatable {
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    /// `owner`, `admin`, `deployer`, `key-admin`, `reviewer` or `monitor`.
    package var role: String
    /// Where the role counts; left out, everywhere.
    package var tenant: String?
    /// Left out of a PUT, it stays as it is.
    package var disabled: Bool?
    /// Only in requests: a new password.
    package var password: String?
    /// Whether it can log in with a password; only in answers.
    package var hasPassword: Bool?
    /// ISO 8601; only in answers.
    package var createdAt: String?
    /// Only in answers; the values are not in it.
    package var tokens: [OperatorTokenResource]?

    package init(name: String, role: String, tenant: String? = nil, disabled: Bool? = nil, password: String? = nil) {
        self.name = name
        self.role = role
        self.tenant = tenant
        self.disabled = disabled
        self.password = password
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case role
        case tenant
        case disabled
        case password
        case hasPassword
        case createdAt
        case tokens
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            name: try members.value(.name, or: ""),
            role: try members.decode(String.self, forKey: .role),
            tenant: try members.value(.tenant),
            disabled: try members.value(.disabled),
            password: try members.value(.password)
        )
        hasPassword = try members.value(.hasPassword)
        createdAt = try members.value(.createdAt)
        tokens = try members.value(.tokens)
    }
}

/// One token of an operator; as a request, it asks for a new one.
package struct OperatorTokenResource: Codable, Sendable, Equatable {
    /// Chosen by the gateway; only in answers.
    package var id: String?
    /// ISO 8601; left out, never.
    package var expiresAt: String?
    /// Whether a login made it; only in answers.
    package var session: Bool?
    /// The token itself: only in the answer that made it.
    package var token: String?

    package init(id: String? = nil, expiresAt: String? = nil, session: Bool? = nil, token: String? = nil) {
        self.id = id
        self.expiresAt = expiresAt
        self.session = session
        self.token = token
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id
        case expiresAt
        case session
        case token
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            id: try members.value(.id),
            expiresAt: try members.value(.expiresAt),
            session: try members.value(.session),
            token: try members.value(.token)
        )
    }
}

/// Who the caller of the admin API is; only in answers.
package struct IdentityResource: Codable, Sendable, Equatable {
    /// A role and where it counts.
    package struct Grant: Codable, Sendable, Equatable {
        package var role: String
        /// Left out, everywhere.
        package var tenant: String?

        package init(role: String, tenant: String?) {
            self.role = role
            self.tenant = tenant
        }
    }

    package var name: String
    package var grants: [Grant]

    package init(name: String, grants: [Grant]) {
        self.name = name
        self.grants = grants
    }
}

/// Name and password of a local account.
package struct LoginRequest: Codable, Sendable, Equatable {
    package var name: String
    package var password: String

    package init(name: String, password: String) {
        self.name = name
        self.password = password
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case password
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            name: try members.decode(String.self, forKey: .name),
            password: try members.decode(String.self, forKey: .password)
        )
    }
}
