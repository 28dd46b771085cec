import GRDB
import GatewayCore

/// Models, environments, code folders and data, as Azure's clients registered them.
extension Store {
    package func azureAsset(
        _ tenant: String,
        _ kind: AzureAsset.Kind,
        _ name: String,
        _ version: String
    ) async throws(StoreError) -> AzureAsset? {
        try await read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT * FROM azure_assets WHERE tenant = ? AND kind = ? AND name = ? AND version = ?",
                arguments: [tenant, kind.rawValue, name, version]
            ).map { AzureAsset($0, kind) }
        }
    }

    /// The newest first.
    ///
    /// - Parameter name: `nil` = of every name.
    package func azureAssets(
        _ tenant: String,
        _ kind: AzureAsset.Kind,
        _ name: String? = nil
    ) async throws(StoreError) -> [AzureAsset] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM azure_assets WHERE tenant = ? AND kind = ? AND (? IS NULL OR name = ?) ORDER BY id DESC
                    """,
                arguments: [tenant, kind.rawValue, name, name]
            ).map { AzureAsset($0, kind) }
        }
    }

    /// Registers a version, or changes what may change of it.
    ///
    /// - Parameter isAllowed: whether the body that is there may be replaced by this one.
    package func putAzureAsset(
        _ tenant: String,
        _ asset: AzureAsset,
        isAllowed: @escaping @Sendable (_ before: String) -> Bool
    ) async throws(StoreError) -> PutOutcome {
        guard definitions.tenants.contains(where: { $0.name == tenant }) else { throw .notFound(resource: tenant) }
        let origin = ChangeOrigin.current
        return try await write { [secrets] database in
            let before = try String.fetchOne(
                database,
                sql: "SELECT body FROM azure_assets WHERE tenant = ? AND kind = ? AND name = ? AND version = ?",
                arguments: [tenant, asset.kind.rawValue, asset.name, asset.version]
            )
            if before == asset.record.body { return .unchanged }
            if let before, !isAllowed(before) { throw StoreError.conflict(asset.isTaken(in: tenant)) }
            if before == nil { try Self.checkRoom(in: tenant, database) }
            try database.inTransaction(.immediate) {
                try asset.write(tenant, to: database)
                try AuditLog(database: database, secrets: secrets).append(
                    [asset.draft(tenant, before: before)],
                    by: origin,
                    at: WallClock.milliseconds
                )
                return .commit
            }
            return before == nil ? .created : .updated
        }
    }

    private static func checkRoom(in tenant: String, _ database: Database) throws {
        let sql = "SELECT count(*) FROM azure_assets WHERE tenant = ?"
        let count = try Int.fetchOne(database, sql: sql, arguments: [tenant]) ?? 0
        guard count < AzureAsset.most else {
            let message = "has \(count) registered models, environments, codes and data, and may have no more"
            throw Problem(.tooMany, tenant, message)
        }
    }
}

extension AzureAsset {
    fileprivate init(_ row: Row, _ kind: Kind) {
        self.init(
            kind: kind,
            name: row["name"],
            version: row["version"],
            record: AzureRecord(row, body: row["body"])
        )
    }

    /// Adds the row, or replaces what may change of it.
    fileprivate func write(_ tenant: String, to database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO azure_assets (tenant, kind, name, version, body, created_at, modified_at, created_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant, kind, name, version)
                DO UPDATE SET body = excluded.body, modified_at = max(excluded.modified_at, created_at)
                """,
            arguments: [
                tenant, kind.rawValue, name, version, record.body, record.createdAt, record.modifiedAt,
                record.createdBy,
            ]
        )
    }

    fileprivate func draft(_ tenant: String, before: String?) throws(StoreError) -> AuditDifference.Draft {
        AuditDifference.Draft(
            action: before == nil ? .created : .updated,
            resource: ResourceReference(.asset, "\(tenant)/\(kind.rawValue)/\(name):\(version)"),
            tenant: tenant,
            before: try before.map(Self.audited),
            after: try Self.audited(record.body)
        )
    }

    /// A long one as a string of its beginning, which is JSON too.
    private static func audited(_ body: String) throws(StoreError) -> String {
        body.utf8.count <= 8 << 10 ? body : try StoredJSON.text(String(body.prefix(2 << 10)))
    }

    fileprivate func isTaken(in tenant: String) -> Problem {
        let message = "is registered with other content; register this as a new version"
        return Problem(.alreadyExists, "\(tenant)/\(kind.rawValue)/\(name):\(version)", field: "version", message)
    }
}
