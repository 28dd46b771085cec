import Foundation
import GRDB
package import GatewayCore
import Synchronization

/// Receipts, and what they add up to, in their own SQLite file beside the store: neither's writes wait for the other's.
package final class ReceiptStore: Sendable {
    let pool: DatabasePool
    /// What was deleted and is not written yet, with the moment, microseconds since 1970.
    let forgotten = Mutex<[UsageSubject: Int64]>([:])

    /// `receipts.db` beside the store.
    package static func path(beside store: String) -> String {
        URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("receipts.db").path
    }

    package convenience init(path: String) throws(StoreError) {
        try self.init(path: path, migrations: .receipts)
    }

    init(path: String, migrations: Migrations) throws(StoreError) {
        try PrivateFile.makeParent(of: path)
        try PrivateFile.makeEmpty(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.settings)
            // Quotas are restored from here, so a batch survives a power cut too (SECURITY D-3). With one fsync for each
            // batch of 100 ms a receipt costs 4.20 us of CPU, and 4.17 without.
            try pool.writeWithoutTransaction { database in try database.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw StoreError(error)
        }
        try migrations.migrate(pool, path: path)
    }

    /// The newest receipts first.
    package func latest(_ count: Int) async throws(StoreError) -> [Receipt] {
        try await run { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT * FROM receipts ORDER BY id DESC LIMIT ?",
                arguments: [count]
            )
            return rows.map(Receipt.init(row:))
        }
    }

    /// Writes a batch in one transaction.
    ///
    /// - Parameter observe: told the batch once it is written, on the database's writer thread, where it may block.
    /// - Returns: receipts that the table's checks refused. Each is a bug in what made it, but must not hold back the others.
    func append(
        _ batch: [Receipt],
        observe: @escaping @Sendable ([Receipt]) -> Void = { _ in }
    ) async throws(StoreError) -> [Receipt] {
        try await run { [self] database in
            var refused: [Receipt] = []
            do {
                try insert(batch, in: database)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                refused = try insertOneByOne(batch, in: database)
            }
            observe(batch)
            return refused
        }
    }

    private func insert(_ batch: [Receipt], in database: Database) throws {
        try database.inTransaction(.immediate) {
            try forget(in: database)
            var row = try RowBinding(database, sql: ReceiptSchema.insert)
            var usage = UsageBatch(try FormerUsage(of: batch, in: database))
            for receipt in batch {
                try row.insert(receipt)
                usage.add(receipt)
            }
            try usage.write(in: database)
            return .commit
        }
    }

    private func insertOneByOne(_ batch: [Receipt], in database: Database) throws -> [Receipt] {
        var refused: [Receipt] = []
        try database.inTransaction(.immediate) {
            try forget(in: database)
            var row = try RowBinding(database, sql: ReceiptSchema.insert)
            var usage = UsageBatch(try FormerUsage(of: batch, in: database))
            for receipt in batch {
                do throws(DatabaseError) {
                    try row.insert(receipt)
                    usage.add(receipt)
                } catch {
                    guard error.resultCode == .SQLITE_CONSTRAINT else { throw error }
                    refused.append(receipt)
                }
            }
            try usage.write(in: database)
            return .commit
        }
        return refused
    }

    /// Deletes the oldest receipts that are past the retention, at most `step` of them.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Returns: how many went.
    func deleteExpired(_ retention: Retention, now: Int64, step: Int) async throws(StoreError) -> Int {
        try await run { database in
            // Identifiers only grow and only the oldest go, so their span is the number of rows without a count(*).
            let bounds = try Row.fetchOne(database, sql: "SELECT min(id) AS first, max(id) AS last FROM receipts")
            guard let first: Int64 = bounds?["first"], let last: Int64 = bounds?["last"] else { return 0 }
            let end = min(last, first + Int64(step) - 1)
            try database.execute(
                sql: "DELETE FROM receipts WHERE id <= ? AND (id <= ? OR started_at < ?)",
                arguments: [end, last - Int64(retention.rows), now - retention.microseconds]
            )
            return database.changesCount
        }
    }

    /// Deletes the oldest sums of usage that are past their retention, at most `step` of them.
    ///
    /// - Parameter now: seconds since 1970.
    func deleteExpiredUsage(_ retention: Retention, now: Int64, step: Int) async throws(StoreError) -> Int {
        try await run { database in
            try database.execute(
                sql: """
                    DELETE FROM usage WHERE (bucket, tenant, endpoint, deployment, caller) IN (
                        SELECT bucket, tenant, endpoint, deployment, caller FROM usage WHERE bucket < ? LIMIT ?
                    )
                    """,
                arguments: [now - Int64(retention.usageDays) * 86400, step]
            )
            let count = database.changesCount
            try database.execute(
                sql: "DELETE FROM former_usage WHERE ended_at < ?",
                arguments: [(now - Int64(retention.usageDays) * 86400) * 1_000_000]
            )
            return count
        }
    }

    /// Not cancelled with the caller's task: the last batch is written while the program stops.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                continuation.resume(returning: Result { try body(database) }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    private static var settings: GRDB.Configuration {
        var settings = GRDB.Configuration()
        settings.busyMode = .timeout(10)
        settings.maximumReaderCount = 2
        settings.label = "gatehouse.receipts"
        settings.prepareDatabase { database in
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        }
        return settings
    }
}

/// How long receipts are kept.
package struct Retention: Sendable, Equatable {
    package var days: Int
    package var rows: Int
    /// Of the sums that reports and quotas are made from; a month's quota needs 31.
    package var usageDays: Int

    package init(days: Int = 30, rows: Int = 10_000_000, usageDays: Int = 400) {
        self.days = days
        self.rows = rows
        self.usageDays = usageDays
    }

    var microseconds: Int64 { Int64(days) * 86_400_000_000 }
}
