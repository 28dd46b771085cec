import Foundation
import GRDB
import GatewayCore

/// What reviewers do to captures.
extension CaptureStore {
    /// Gives a capture a label; an empty one takes it away.
    ///
    /// - Returns: false when the tenant has none of this number.
    package func label(_ id: Int64, tenant: String, _ label: String) async throws(StoreError) -> Bool {
        try await run { database in
            try database.execute(
                sql: "UPDATE captures SET label = ? WHERE id = ? AND tenant = ?",
                arguments: [label, id, tenant]
            )
            return database.changesCount > 0
        }
    }

    /// Deletes a capture and every trace of it: its words in the index, and its bytes in the block that it shares.
    ///
    /// - Returns: false when the tenant has none of this number.
    package func delete(_ id: Int64, tenant: String) async throws(StoreError) -> Bool {
        try await run { database in
            var isFound = false
            try database.inTransaction(.immediate) {
                let sql = """
                    SELECT captures.*, blocks.segment FROM captures JOIN blocks ON blocks.id = captures.block
                    WHERE captures.id = ? AND tenant = ?
                    """
                guard let row = try Row.fetchOne(database, sql: sql, arguments: [id, tenant]) else { return .commit }
                isFound = true
                try Self.erase(row, id, tenant, in: database)
                return .commit
            }
            return isFound
        }
    }

    private static func erase(_ row: Row, _ id: Int64, _ tenant: String, in database: Database) throws {
        var block = CaptureBlock.none
        try block.move(to: row["block"], in: database)
        let (offset, length): (Int, Int) = (row["offset"], row["length"])
        let content = try block.content(at: offset, length: length)
        try unindex(id, tenant: tenant, content, of: row["segment"], in: database)
        try database.execute(sql: "DELETE FROM captures WHERE id = ?", arguments: [id])
        try database.execute(
            sql: "UPDATE blocks SET content = ? WHERE id = ?",
            arguments: [Data(Deflate.compress(block.erased(at: offset, length: length))), row["block"] as Int64]
        )
    }
}
