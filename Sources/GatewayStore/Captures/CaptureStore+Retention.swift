import GRDB

/// What goes when it is old, or when there is too much.
extension CaptureStore {
    /// Rows that one step deletes: new captures wait no longer than that takes.
    private static let step = 5000

    /// Deletes of the oldest segment what retention does not keep, a step of it.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: whether there is more to do.
    package func expire(now: Int64) throws(StoreError) -> Bool {
        try write { database in
            guard let segment = try Self.oldest(database), try Self.isOver(retention, segment, database, now: now)
            else {
                // Only after a cap was lowered: pages in use are what the cap is held by.
                try database.execute(sql: "PRAGMA incremental_vacuum(256)")
                return false
            }
            try Self.drop(segment, in: database)
            return true
        }
    }

    private struct Oldest {
        let id: Int64
        let first: Int64
        let last: Int64
        let newestAt: Int64
    }

    private static func oldest(_ database: Database) throws -> Oldest? {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM segments ORDER BY id LIMIT 1")
        return row.map { row in
            let first: Int64 = row["first_capture"]
            let count: Int64 = row["captures"]
            return Oldest(id: row["id"], first: first, last: first + count - 1, newestAt: row["newest_at"])
        }
    }

    private static func isOver(_ retention: CaptureRetention, _ oldest: Oldest, _ database: Database, now: Int64) throws
        -> Bool
    {
        guard oldest.last >= oldest.first else { return false }
        if oldest.newestAt < now - Int64(retention.days) * 86_400_000_000 { return true }
        let newest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM captures") ?? 0
        if newest - oldest.last >= Int64(retention.rows) { return true }
        return try bytesUsed(database) > retention.mostUsed
    }

    private static func bytesUsed(_ database: Database) throws -> Int64 {
        func number(_ pragma: String) throws -> Int64 { try Int64.fetchOne(database, sql: "PRAGMA \(pragma)") ?? 0 }
        return (try number("page_count") - number("freelist_count")) * (try number("page_size"))
    }

    /// First its rows, some at a time, then what they stood in.
    private static func drop(_ segment: Oldest, in database: Database) throws {
        try database.inTransaction(.immediate) {
            try database.execute(
                sql: "DELETE FROM captures WHERE id IN (SELECT id FROM captures WHERE id <= ? ORDER BY id LIMIT ?)",
                arguments: [segment.last, step]
            )
            guard database.changesCount < step else { return .commit }
            try database.execute(sql: "DELETE FROM blocks WHERE segment = ?", arguments: [segment.id])
            try database.execute(sql: "DROP TABLE \(CaptureSchema.index(segment.id))")
            try database.execute(sql: "DELETE FROM segments WHERE id = ?", arguments: [segment.id])
            return .commit
        }
    }
}
