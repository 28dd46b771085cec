import GRDB

extension Store {
    /// Entries of the audit log, the newest first.
    ///
    /// - Parameters:
    ///   - tenants: whose; `nil` = everything, the gateway's own included.
    ///   - isSinceCreation: only what came since each of these tenants was made: the one that had its name before is none of
    ///     its operators' business.
    ///   - number: only entries before this one.
    package func auditEntries(
        of tenants: [String]? = nil,
        isSinceCreation: Bool = false,
        before number: Int64? = nil,
        limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        try await read { database in
            var sql = "SELECT * FROM audit WHERE number < ?"
            var arguments: StatementArguments = [number ?? .max]
            if let tenants {
                var parts: [String] = []
                for tenant in tenants {
                    parts.append("(tenant = ? AND number >= ?)")
                    arguments += [tenant, isSinceCreation ? try Self.creation(of: tenant, database) : 0]
                }
                sql += " AND (\(parts.isEmpty ? "FALSE" : parts.joined(separator: " OR ")))"
            }
            sql += " ORDER BY number DESC LIMIT ?"
            arguments += [limit]
            return try Row.fetchAll(database, sql: sql, arguments: arguments).compactMap { AuditEntry($0) }
        }
    }

    /// The number of the entry that made the tenant of this name that is there now; 0 when it is older than the log.
    private static func creation(of tenant: String, _ database: Database) throws -> Int64 {
        let sql = "SELECT max(number) FROM audit WHERE tenant = ? AND kind = 'tenant' AND action = 'created'"
        return try Int64.fetchOne(database, sql: sql, arguments: [tenant]) ?? 0
    }

    /// Whether the log is whole and as it was written.
    ///
    /// - Parameter noted: a head that it had once, as somebody noted it.
    package func verifyAudit(since noted: AuditHead? = nil) async throws(StoreError) -> AuditVerdict {
        // Before the log: it may be behind what is read then, and not ahead of it.
        let written = headFile.read()
        let anchors = [
            written.map { AuditLog.Anchor(head: $0, place: "audit.head") },
            noted.map { AuditLog.Anchor(head: $0, place: "the noted head") },
        ].compactMap(\.self)
        var verdict = try await read { [secrets] database in
            try AuditLog(database: database, secrets: secrets).verify(against: anchors)
        }
        if verdict.isGood, written == nil {
            verdict.reason =
                "\(headFile.path) is missing or not of this store: nobody can say whether the log was cut back"
            verdict.head = nil
        }
        return verdict
    }
}
