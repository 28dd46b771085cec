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
        /// When the first of those that are left began; `nil` where none is.
        let oldestAt: Int64?
        /// Whether no other segment is newer.
        let isLast: Bool
    }

    private static func oldest(_ database: Database) throws -> Oldest? {
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM segments ORDER BY id LIMIT 2")
        guard let row = rows.first else { return nil }
        let first: Int64 = row["first_capture"]
        let count: Int64 = row["captures"]
        return Oldest(
            id: row["id"],
            first: first,
            last: first + count - 1,
            newestAt: row["newest_at"],
            oldestAt: try oldestAt(from: first, database),
            isLast: rows.count == 1
        )
    }

    /// When the first capture from this number on began; `nil` where there is none.
    static func oldestAt(from first: Int64, _ database: Database) throws -> Int64? {
        let sql = "SELECT started_at FROM captures WHERE id >= ? ORDER BY id LIMIT 1"
        return try Int64.fetchOne(database, sql: sql, arguments: [first])
    }

    private static func isOver(_ retention: CaptureRetention, _ oldest: Oldest, _ database: Database, now: Int64) throws
        -> Bool
    {
        guard oldest.last >= oldest.first else { return false }
        let limit = now - retention.microseconds
        // No segment is longer; one of an earlier version may be, and is not given up for its first.
        if oldest.oldestAt ?? 0 < limit, oldest.newestAt < limit + retention.segmentMicroseconds { return true }
        // Nor is one that is longer than the cap allows, since that was lowered: it goes once there are others.
        let kept = oldest.last - oldest.first < Int64(retention.segmentRows) ? oldest.first : oldest.last + 1
        if try lastNumber(database) - kept >= Int64(retention.rows) { return true }
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
            // An empty one stands for all that were: no number is given out twice.
            if segment.isLast { try CaptureAppender.makeSegment(segment.id + 1, first: segment.last + 1, database) }
            return .commit
        }
    }
}
