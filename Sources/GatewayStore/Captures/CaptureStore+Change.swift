import Foundation
import GRDB
import GatewayCore

/// What reviewers do to captures.
extension CaptureStore {
    /// Gives a capture a label; an empty one takes it away.
    ///
    /// - Returns: false when the tenant has none of this number.
    package func label(_ id: Int64, tenant: String, _ label: String) async throws(StoreError) -> Bool {
        try await change { database in
            try database.execute(
                sql: "UPDATE captures SET label = ? WHERE id = ? AND \(CaptureSchema.isOfTenant)",
                arguments: [label, id, tenant, tenant]
            )
            return database.changesCount > 0
        }
    }

    /// Deletes a capture and every trace of it: its words in the index, and its bytes in the block that it shares.
    ///
    /// - Returns: false when the tenant has none of this number.
    package func delete(_ id: Int64, tenant: String) async throws(StoreError) -> Bool {
        try await change { database in
            var isFound = false
            try Self.erasing(database) {
                let sql = """
                    SELECT captures.*, blocks.segment FROM captures JOIN blocks ON blocks.id = captures.block
                    WHERE captures.id = ? AND \(CaptureSchema.isOfTenant)
                    """
                guard let row = try Row.fetchOne(database, sql: sql, arguments: [id, tenant, tenant]) else {
                    return .commit
                }
                isFound = true
                try Self.erase(row, in: database)
                while try Self.cleanIndex(database) {}
                return .commit
            }
            if isFound { Self.emptyLog(database) }
            return isFound
        }
    }

    /// A tenant is gone: nobody sees its captures from now on, and `eraseGone` erases them.
    ///
    /// - Parameter now: microseconds since 1970.
    package func forget(_ tenant: String, now: Int64) async throws(StoreError) {
        try await change { database in
            try database.execute(sql: "INSERT OR REPLACE INTO gone VALUES (?, ?)", arguments: [tenant, now])
        }
    }

    /// Erases some captures of tenants that are gone.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: whether there is more to do.
    package func eraseGone(now: Int64) throws(StoreError) -> Bool {
        try write { database in
            guard try Int64.fetchOne(database, sql: "SELECT before FROM gone LIMIT 1") != nil else {
                return try Self.cleanNext(database)
            }
            var isMore = false
            try Self.erasing(database) {
                let sql = """
                    SELECT captures.*, blocks.segment FROM captures JOIN blocks ON blocks.id = captures.block
                    JOIN gone ON gone.tenant = captures.tenant WHERE captures.started_at < gone.before LIMIT \(Self.step)
                    """
                let rows = try Row.fetchAll(database, sql: sql)
                for row in rows { try Self.erase(row, in: database) }
                isMore = rows.count == Self.step
                // What was under way then has come by now.
                let sure = now - Self.longestExchange
                if !isMore { try database.execute(sql: "DELETE FROM gone WHERE before < ?", arguments: [sure]) }
                return .commit
            }
            return try isMore || Self.cleanNext(database)
        }
    }

    /// One transaction, behind which nothing of what it has erased is left in pages that are free.
    private static func erasing(_ database: Database, _ body: () throws -> Database.TransactionCompletion) throws {
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = OFF") }
        try database.inTransaction(.immediate, body)
    }

    /// - Returns: whether there may be more to do.
    private static func cleanNext(_ database: Database) throws -> Bool {
        guard try Int64.fetchOne(database, sql: "SELECT 1 FROM stale_indexes LIMIT 1") != nil else { return false }
        try erasing(database) {
            _ = try cleanIndex(database)
            return .commit
        }
        emptyLog(database)
        return true
    }

    /// Takes the words of erased captures out of one segment's index: until its parts are put together they stand in the older.
    ///
    /// - Returns: whether there was one.
    private static func cleanIndex(_ database: Database) throws -> Bool {
        let sql = "DELETE FROM stale_indexes WHERE segment = (SELECT min(segment) FROM stale_indexes) RETURNING segment"
        guard let segment = try Int64.fetchOne(database, sql: sql) else { return false }
        guard try Int64.fetchOne(database, sql: "SELECT 1 FROM segments WHERE id = ?", arguments: [segment]) != nil
        else {
            return true
        }
        let table = CaptureSchema.index(segment)
        try database.execute(sql: "INSERT INTO \(table) (\(table)) VALUES ('optimize')")
        return true
    }

    /// What was erased stands in the log of changes until that begins anew; while somebody reads that is later.
    private static func emptyLog(_ database: Database) {
        _ = try? Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Captures that one step erases: new ones wait no longer than that takes.
    private static let step = 50
    /// A day.
    private static let longestExchange: Int64 = 86_400_000_000

    private static func erase(_ row: Row, in database: Database) throws {
        let (id, tenant): (Int64, String) = (row["id"], row["tenant"])
        var block = CaptureBlock.none
        try block.move(to: row["block"], in: database)
        let (offset, length): (Int, Int) = (row["offset"], row["length"])
        let content = try block.content(at: offset, length: length)
        try unindex(id, tenant: tenant, content, of: row["segment"], in: database)
        try database.execute(
            sql: "INSERT OR IGNORE INTO stale_indexes VALUES (?)",
            arguments: [row["segment"] as Int64]
        )
        try database.execute(sql: "DELETE FROM captures WHERE id = ?", arguments: [id])
        try database.execute(
            sql: "UPDATE blocks SET content = ? WHERE id = ?",
            arguments: [Data(Deflate.compress(block.erased(at: offset, length: length))), row["block"] as Int64]
        )
    }
}
