import Foundation
import GRDB
import GatewayCore

/// Operators and their tokens, row by row.
extension ConfigurationReader {
    func operators() throws -> [OperatorDefinition] {
        var tokens: [String: [OperatorDefinition.Token]] = [:]
        let sql = "SELECT * FROM operator_tokens ORDER BY created_at, id"
        for row in try Row.fetchAll(database, sql: sql) {
            let owner: String = row["operator"]
            let bytes: Data = row["digest"]
            guard let digest = KeyDigest(bytes: Array(bytes)) else { throw damaged("operator \(owner)") }
            tokens[owner, default: []].append(
                OperatorDefinition.Token(
                    id: row["id"],
                    digest: digest,
                    isSession: row["is_session"],
                    createdAt: row["created_at"],
                    expiresAt: row["expires_at"]
                )
            )
        }
        return try Row.fetchAll(database, sql: "SELECT * FROM operators").map { row in
            let name: String = row["name"]
            guard let role = Role(rawValue: row["role"]) else { throw damaged("operator \(name)") }
            return OperatorDefinition(
                name: name,
                role: role,
                tenant: row["tenant"],
                password: row["password"],
                isDisabled: row["is_disabled"],
                createdAt: row["created_at"],
                tokens: tokens[name] ?? []
            )
        }
    }
}

extension ConfigurationWriter {
    /// What went with its tenant is gone already.
    func writeOperators(_ old: [OperatorDefinition], _ new: [OperatorDefinition]) throws {
        for account in Self.gone(old, new, path: \.name) {
            try run("DELETE FROM operators WHERE name = ?", [account.name])
        }
        for account in Self.changed(old, new, path: \.name) { try put(account) }
    }

    private func put(_ account: OperatorDefinition) throws {
        try upsert(
            "operators",
            keys: 1,
            [
                ("name", account.name), ("role", account.role.rawValue), ("tenant", account.tenant),
                ("password", account.password), ("is_disabled", account.isDisabled), ("created_at", account.createdAt),
            ]
        )
        try run("DELETE FROM operator_tokens WHERE operator = ?", [account.name])
        for token in account.tokens {
            try run(
                """
                INSERT INTO operator_tokens (operator, id, digest, is_session, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    account.name, token.id, Data(token.digest.bytes), token.isSession, token.createdAt, token.expiresAt,
                ]
            )
        }
    }
}
