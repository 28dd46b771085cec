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

    /// Versions without their bodies, the newest first.
    ///
    /// - Parameter name: `nil` = of every name.
    package func azureAssetVersions(
        _ tenant: String,
        _ kind: AzureAsset.Kind,
        _ name: String? = nil
    ) async throws(StoreError) -> [AzureAsset.Version] {
        try await read { database in
            let condition = name == nil ? "" : " AND name = ?"
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT name, version, is_archived, hash FROM azure_assets INDEXED BY azure_assets_listed
                    WHERE tenant = ? AND kind = ?\(condition) ORDER BY id DESC
                    """,
                arguments: StatementArguments([tenant, kind.rawValue] + [name].compactMap(\.self))
            ).map { AzureAsset.Version($0) }
        }
    }

    /// Where the files of a tenant's models are, as its clients said.
    package func azureModelURIs(of tenant: String) async throws(StoreError) -> [String] {
        try await read { database in
            try String?.fetchAll(
                database,
                sql: "SELECT json_extract(body, '$.modelUri') FROM azure_assets WHERE tenant = ? AND kind = 'models'",
                arguments: [tenant]
            ).compactMap(\.self)
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
        return try await write { [self] database in
            let before = try String.fetchOne(
                database,
                sql: "SELECT body FROM azure_assets WHERE tenant = ? AND kind = ? AND name = ? AND version = ?",
                arguments: [tenant, asset.kind.rawValue, asset.name, asset.version]
            )
            if before == asset.record.body { return .unchanged }
            if let before, !isAllowed(before) { throw StoreError.conflict(asset.isTaken(in: tenant)) }
            if before == nil { try Self.checkRoom(in: tenant, database) }
            try audited(in: database, [try asset.draft(tenant, before: before)], by: origin) {
                try asset.write(tenant, to: database)
                return true
            }
            return before == nil ? .created : .updated
        }
    }

    /// Forgets a version; what was uploaded for it stays.
    ///
    /// - Returns: whether there was one.
    package func deleteAzureAsset(
        _ tenant: String,
        _ kind: AzureAsset.Kind,
        _ name: String,
        _ version: String
    ) async throws(StoreError) -> Bool {
        let origin = ChangeOrigin.current
        return try await write { [self] database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT * FROM azure_assets WHERE tenant = ? AND kind = ? AND name = ? AND version = ?",
                arguments: [tenant, kind.rawValue, name, version]
            )
            guard let asset = row.map({ AzureAsset($0, kind) }) else { return false }
            var draft = try asset.draft(tenant, before: asset.record.body)
            (draft.action, draft.after) = (.deleted, nil)
            try audited(in: database, [draft], by: origin) {
                try database.execute(
                    sql: "DELETE FROM azure_assets WHERE tenant = ? AND kind = ? AND name = ? AND version = ?",
                    arguments: [tenant, kind.rawValue, name, version]
                )
                return true
            }
            return true
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
            before: try before.map { (body) throws(StoreError) in try AzureRecord.audited(body) },
            after: try AzureRecord.audited(record.body)
        )
    }

    fileprivate func isTaken(in tenant: String) -> Problem {
        let message = "is registered with other content; register this as a new version"
        return Problem(.alreadyExists, "\(tenant)/\(kind.rawValue)/\(name):\(version)", field: "version", message)
    }
}
