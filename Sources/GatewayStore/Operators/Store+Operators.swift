import Foundation
package import GatewayCore

/// A secret of an operator, at the one time that it is shown.
package struct IssuedOperatorToken: Sendable, Equatable {
    package let id: String
    package let secret: String
    /// Seconds since 1970; `nil` = never.
    package let expiresAt: Int64?
}

extension Store {
    /// Seconds that a login lasts.
    package static let sessionLifetime: Int64 = 12 * 3600
    private static let mostTokens = 32

    /// - Parameter tenant: only those of this tenant.
    package func operators(of tenant: String? = nil) -> [OperatorDefinition] {
        definitions.operators.filter { tenant == nil || $0.tenant == tenant }
    }

    package func operatorAccount(_ name: String) throws(StoreError) -> OperatorDefinition {
        guard let found = definitions.operators.first(where: { $0.name == name }) else {
            throw .notFound(resource: "operator \(name)")
        }
        return found
    }

    /// Whose secret this is; `nil` when it is nobody's, or not any more.
    package func operatorAccount(holding secret: String, at now: Int64 = WallClock.seconds) -> OperatorDefinition? {
        let digest = KeyDigest(of: secret)
        let definitions = definitions
        return definitions.operators.first { account in
            account.tokens.contains { $0.digest == digest && now < $0.expiresAt ?? .max }
                && !definitions.shutsOut(account)
        }
    }

    /// Makes an operator, or changes all that is said of one, or nothing.
    ///
    /// - Parameters:
    ///   - isDisabled: `nil` leaves that as it is.
    ///   - password: the same; with a new one, sessions that were begun with the one before are over.
    package func putOperator(
        _ name: String,
        role: Role,
        tenant: String?,
        isDisabled: Bool? = nil,
        password: String? = nil,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> (account: OperatorDefinition, outcome: PutOutcome) {
        let hash = try await Self.hash(password, of: name)
        return try await change(at: now) { transaction in
            let index = transaction.definitions.operators.firstIndex { $0.name == name }
            let before = index.map { transaction.definitions.operators[$0] }
            var account = before ?? OperatorDefinition(name: name, role: role, tenant: tenant, createdAt: now)
            account.role = role
            account.tenant = tenant
            account.isDisabled = isDisabled ?? account.isDisabled
            if let hash {
                account.password = hash
                account.tokens.removeAll(where: \.isSession)
            }
            try account.check(transaction.definitions)
            if let index {
                transaction.definitions.operators[index] = account
            } else {
                transaction.definitions.operators.append(account)
            }
            return (account, before == nil ? .created : before == account ? .unchanged : .updated)
        }
    }

    package func removeOperator(_ name: String) async throws(StoreError) {
        try await change { transaction in
            guard transaction.definitions.operators.contains(where: { $0.name == name }) else {
                throw StoreError.notFound(resource: "operator \(name)")
            }
            transaction.definitions.operators.removeAll { $0.name == name }
        }
    }

    /// The secret is in the answer and nowhere else.
    package func issueOperatorToken(
        _ name: String,
        expiresAt: Int64?,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> IssuedOperatorToken {
        if let expiresAt, expiresAt <= now {
            let message = "is in the past; name a later time, or none for a token that never expires"
            throw .invalid([Problem(.invalidExpiry, name, field: "expiresAt", message)])
        }
        return try await addToken(to: name, isSession: false, expiresAt: expiresAt, at: now)
    }

    package func revokeOperatorToken(_ name: String, _ id: String) async throws(StoreError) {
        try await changeOperator(name) { account, _ in
            guard account.tokens.contains(where: { $0.id == id }) else {
                throw StoreError.notFound(resource: "operator \(name), token \(id)")
            }
            account.tokens.removeAll { $0.id == id }
        }
    }

    /// A session for who knows the password; `nil` for everybody else, after the same time.
    package func logIn(
        _ name: String,
        password: String,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> IssuedOperatorToken? {
        let definitions = definitions
        let account = definitions.operators.first { $0.name == name && !definitions.shutsOut($0) }
        let isRight = try await PasswordHash.isRight(password, for: account?.password.flatMap(PasswordHash.init))
        guard isRight else { return nil }
        return try await addToken(to: name, isSession: true, expiresAt: now + Self.sessionLifetime, at: now)
    }

    private func addToken(
        to name: String,
        isSession: Bool,
        expiresAt: Int64?,
        at now: Int64
    ) async throws(StoreError) -> IssuedOperatorToken {
        let secret = KeySecret.generate()
        return try await changeOperator(name) { account, _ in
            account.tokens.removeAll { $0.expiresAt.map { $0 <= now } ?? false }
            let oldest = account.tokens.filter(\.isSession).min { $0.createdAt < $1.createdAt }
            if account.tokens.count >= Self.mostTokens, let oldest { account.tokens.removeAll { $0.id == oldest.id } }
            guard account.tokens.count < Self.mostTokens else {
                let message = "has \(Self.mostTokens) tokens; revoke one that is not used any more"
                throw StoreError.conflict(Problem(.tooMany, name, field: "tokens", message))
            }
            let id = String(UUID().uuidString.lowercased().prefix(8))
            let token = OperatorDefinition.Token(
                id: id,
                digest: secret.digest,
                isSession: isSession,
                createdAt: now,
                expiresAt: expiresAt
            )
            account.tokens.append(token)
            return IssuedOperatorToken(id: id, secret: secret.text, expiresAt: expiresAt)
        }
    }

    private func changeOperator<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable (inout OperatorDefinition, Definitions) throws -> Value
    ) async throws(StoreError) -> Value {
        try await change { transaction in
            guard let index = transaction.definitions.operators.firstIndex(where: { $0.name == name }) else {
                throw StoreError.notFound(resource: "operator \(name)")
            }
            var account = transaction.definitions.operators[index]
            let value = try body(&account, transaction.definitions)
            transaction.definitions.operators[index] = account
            return value
        }
    }

    private static func hash(_ password: String?, of name: String) async throws(StoreError) -> String? {
        guard let password else { return nil }
        guard (12...256).contains(password.count), password.utf8.count <= 1024 else {
            throw .invalid([Problem(.invalidOperator, name, field: "password", "must have 12 to 256 characters")])
        }
        return try await PasswordHash.make(password).text
    }
}

extension Definitions {
    /// Whether an account opens nothing now: it is disabled, or its tenant is suspended.
    fileprivate func shutsOut(_ account: OperatorDefinition) -> Bool {
        account.isDisabled || tenants.contains { $0.name == account.tenant && $0.isSuspended }
    }
}

extension OperatorDefinition {
    /// How the audit log names the gateway itself, and the holder of the file beside the store.
    private static let reserved = ["gatehouse", "operator.token"]

    fileprivate func check(_ definitions: Definitions) throws(StoreError) {
        var problems: [Problem] = []
        let isPlain = name.utf8.allSatisfy { byte in
            TextRule.isAlphanumeric(byte) || [0x2d, 0x2e, 0x40, 0x5f].contains(byte)
        }
        if !(3...64).contains(name.utf8.count) || !isPlain || !(name.utf8.first.map(TextRule.isAlphanumeric) ?? false) {
            let message = "must be 3 to 64 letters, digits, '.', '_', '-' and '@', with a letter or digit first"
            problems.append(Problem(.invalidName, name, field: "name", message))
        }
        if Self.reserved.contains(name) {
            problems.append(Problem(.reservedName, name, field: "name", "is the gateway's own; choose another name"))
        }
        if !role.isOperators {
            let message =
                "\(role.rawValue) is a role of callers; use owner, admin, deployer, key-admin, reviewer or monitor"
            problems.append(Problem(.invalidRole, name, field: "role", message))
        }
        if let tenant, !definitions.tenants.contains(where: { $0.name == tenant }) {
            problems.append(Problem(.unknownTenant, name, field: "tenant", "tenant \(tenant) does not exist"))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
    }
}
