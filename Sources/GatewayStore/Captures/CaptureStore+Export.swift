import GRDB
import GatewayCore

/// One capture with all that was kept of it.
package struct StoredCapture: Sendable, Equatable {
    package let row: CaptureRow
    package let content: CaptureContent

    package init(row: CaptureRow, content: CaptureContent) {
        self.row = row
        self.content = content
    }
}

/// Captures in the order in which they were stored, with their contents.
extension CaptureStore {
    /// Bytes of bodies that are in memory at once.
    private static let mostBytes = 4 << 20

    /// A page of what a query asks for, shorter where bodies are long.
    ///
    /// - Returns: beside the page, whether there are more captures behind it.
    package func contents(
        _ query: CaptureQuery
    ) async throws(StoreError) -> (captures: [StoredCapture], hasMore: Bool) {
        try await search(query) { database in
            var further = query
            further.count += 1
            let rows = try Self.page(further, database)
            let captures = try Self.contents(of: rows.prefix(query.count), in: database)
            return (captures, captures.count < rows.count)
        }
    }

    /// What comes behind a capture, of all tenants that there are.
    ///
    /// - Parameter gone: how many in between retention has taken.
    package func next(
        after id: Int64,
        atMost count: Int
    ) async throws(StoreError) -> (captures: [StoredCapture], gone: Int64) {
        try await read { database in
            let sql = """
                SELECT * FROM captures WHERE id > ? AND NOT EXISTS
                    (SELECT 1 FROM gone WHERE gone.tenant = captures.tenant AND captures.started_at < gone.before)
                ORDER BY id LIMIT ?
                """
            let rows = try Row.fetchAll(database, sql: sql, arguments: [id, count])
            let first = try Int64.fetchOne(database, sql: "SELECT min(first_capture) FROM segments") ?? 0
            return (try Self.contents(of: rows[...], in: database), max(0, first - 1 - id))
        }
    }

    /// The number that was given out last; 0 before the first.
    package func lastNumber() async throws(StoreError) -> Int64 {
        try await read { database in try Self.lastNumber(database) }
    }

    static func lastNumber(_ database: Database) throws -> Int64 {
        let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM captures") ?? 0
        let row = try Row.fetchOne(database, sql: "SELECT * FROM segments ORDER BY id DESC LIMIT 1")
        return max(last, row.map { $0["first_capture"] as Int64 + ($0["captures"] as Int64) - 1 } ?? 0)
    }

    /// The number that was given out last when this run of the system began to use the file.
    static func noteBoot(_ database: Database) throws -> Int64 {
        let last = try lastNumber(database)
        guard let boot = SystemRun.id else { return last }
        let known = try Int64.fetchOne(database, sql: "SELECT last FROM boots WHERE id = ?", arguments: [boot])
        if let known { return known }
        try database.execute(sql: "DELETE FROM boots")
        try database.execute(sql: "INSERT INTO boots VALUES (?, ?)", arguments: [boot, last])
        return last
    }

    /// At least one of them, if there is one.
    private static func contents(of rows: ArraySlice<Row>, in database: Database) throws -> [StoredCapture] {
        var captures: [StoredCapture] = []
        var block = CaptureBlock.none
        var bytes = 0
        for row in rows where bytes < mostBytes {
            let content = try block.content(of: row, in: database)
            bytes += content.request.body.count + content.response.body.count
            captures.append(StoredCapture(row: CaptureRow(row), content: content))
        }
        return captures
    }
}
