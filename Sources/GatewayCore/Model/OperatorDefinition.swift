/// A local account that may use the admin API.
package struct OperatorDefinition: Sendable, Equatable {
    /// A secret of it: a token for a program, or the session of a person who logged in.
    package struct Token: Sendable, Equatable {
        /// 1 to 64 letters, digits and `-`.
        package var id: String
        package var digest: KeyDigest
        package var isSession: Bool
        /// Seconds since 1970.
        package var createdAt: Int64
        /// Seconds since 1970; `nil` = never.
        package var expiresAt: Int64?

        package init(id: String, digest: KeyDigest, isSession: Bool, createdAt: Int64, expiresAt: Int64?) {
            self.id = id
            self.digest = digest
            self.isSession = isSession
            self.createdAt = createdAt
            self.expiresAt = expiresAt
        }
    }

    /// Unique in the gateway: 3 to 64 letters, digits, `.`, `_`, `-` and `@`.
    package var name: String
    /// One of the roles of operators.
    package var role: Role
    /// Where the role counts; `nil` = everywhere.
    package var tenant: String?
    /// A salted slow hash; `nil` = nobody logs in with a password.
    package var password: String?
    package var isDisabled: Bool
    /// Seconds since 1970.
    package var createdAt: Int64
    package var tokens: [Token]

    package init(
        name: String,
        role: Role,
        tenant: String? = nil,
        password: String? = nil,
        isDisabled: Bool = false,
        createdAt: Int64,
        tokens: [Token] = []
    ) {
        self.name = name
        self.role = role
        self.tenant = tenant
        self.password = password
        self.isDisabled = isDisabled
        self.createdAt = createdAt
        self.tokens = tokens
    }
}

extension Role {
    /// Whether it opens the admin API.
    package var isOperators: Bool {
        switch self {
        case .owner, .admin, .deployer, .keyAdmin, .reviewer, .monitor: true
        case .invoke, .token: false
        }
    }
}
