import GRDB

extension Store {
    /// Entries of the audit log, the newest first.
    ///
    /// - Parameters:
    ///   - tenants: whose; `nil` = everything, the gateway's own included.
    ///   - number: only entries before this one.
    package func auditEntries(
        of tenants: [String]? = nil,
        before number: Int64? = nil,
        limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        do {
            return try await pool.read { database in
                var sql = "SELECT * FROM audit WHERE number < ?"
                var arguments: StatementArguments = [number ?? .max]
                if let tenants {
                    sql += " AND tenant IN (\(tenants.map { _ in "?" }.joined(separator: ", ")))"
                    arguments += StatementArguments(tenants)
                }
                sql += " ORDER BY number DESC LIMIT ?"
                arguments += [limit]
                return try Row.fetchAll(database, sql: sql, arguments: arguments).compactMap { AuditEntry($0) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the log is whole and as it was written.
    package func verifyAudit() async throws(StoreError) -> AuditVerdict {
        do {
            return try await pool.read { [secrets] database in
                try AuditLog(database: database, secrets: secrets).verify()
            }
        } catch {
            throw StoreError(error)
        }
    }
}
