import Foundation
import GRDB
package import GatewayCore

/// Captures in their own SQLite file: neither the store's writes nor the receipts' wait for theirs.
///
/// What is done for each exchange, from redacting to indexing, `CaptureWriter` does on a thread of its own.
package final class CaptureStore: Sendable {
    let pool: DatabasePool
    let retention: CaptureRetention
    /// `lastNumber` when it was first opened in this run of the system: a power cut may have taken back what was given out before.
    package let lastNumberAtBoot: Int64
    private let redactors = RedactorCache()
    /// What others than the writer change, they change here: the database's own queue has nobody to wake, for whom a thread may
    /// be made that is no more urgent than the writer.
    let changes = JobThread(name: "captures-changes")

    /// `captures.db` beside the store.
    package static func path(beside store: String) -> String {
        URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("captures.db").path
    }

    package init(path: String, retention: CaptureRetention = CaptureRetention()) throws(StoreError) {
        self.retention = retention
        try PrivateFile.makeParent(of: path)
        try PrivateFile.makeEmpty(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.settings(retention))
            // Pages that are free go back to the disk when the cap is lowered. A power cut may cost the last captures.
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = NORMAL")
            }
        } catch {
            throw StoreError(error)
        }
        try Migrations.captures.migrate(pool, path: path)
        do {
            lastNumberAtBoot = try pool.write(Self.noteBoot)
        } catch {
            throw StoreError(error)
        }
    }

    private static func settings(_ retention: CaptureRetention) -> GRDB.Configuration {
        var settings = GRDB.Configuration()
        settings.busyMode = .timeout(10)
        settings.maximumReaderCount = 4
        settings.label = "gatehouse.captures"
        settings.prepareDatabase { database in
            try database.execute(sql: "PRAGMA wal_autocheckpoint = \(retention.walPages)")
            try database.execute(sql: "PRAGMA journal_size_limit = \(retention.walBytes)")
        }
        return settings
    }

    /// As `append` of drafts.
    package func append(_ batch: [Capture]) throws(StoreError) {
        let drafts = batch.map { capture in
            CaptureDraft(request: capture.request, response: capture.response) { _, _ in capture }
        }
        try append(drafts)
    }

    /// Finishes, redacts, compresses and writes a batch, in one transaction.
    package func append(_ drafts: [CaptureDraft]) throws(StoreError) {
        let batches = CaptureBatch.all(of: drafts, most: retention.segmentRows, redactors)
        try write { database in
            try database.inTransaction(.immediate) {
                var appender = try CaptureAppender(database, retention: retention)
                for batch in batches { try appender.add(batch) }
                try appender.finish()
                return .commit
            }
        }
    }

    /// What of an exchange that is not stored may be shown: as it would be stored.
    package func redacted(_ capture: Capture) -> Capture { redactors[capture.rule.redaction].redact(capture) }

    /// On the caller's thread.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try pool.writeWithoutTransaction(body)
        } catch {
            throw StoreError(error)
        }
    }

    /// Not cancelled with the caller's task.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            changes.run { [self] in
                continuation.resume(returning: Result { () throws(StoreError) in try write(body) })
            }
        }
        return try result.get()
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}

/// How long captures are kept at most, and how many and how much of them: whichever ends first.
package struct CaptureRetention: Sendable, Equatable {
    private static let pageSize: Int64 = 4096

    package var days: Int
    package var rows: Int
    /// Of the file and its log together.
    package var bytes: Int64

    package init(days: Int = 30, rows: Int = 1_000_000, bytes: Int64 = 10 << 30) {
        self.days = days
        self.rows = rows
        self.bytes = bytes
    }

    /// A twentieth goes at a time.
    var segmentBytes: Int64 { max(1 << 20, bytes / 20) }
    var segmentRows: Int { max(1, min(20_000, rows / 20)) }
    var microseconds: Int64 { Int64(days) * 86_400_000_000 }
    var segmentMicroseconds: Int64 { microseconds / 20 }
    /// Pages of the write-ahead log, a thirty-second part of all.
    var walPages: Int64 { min(4000, max(64, bytes / 32 / Self.pageSize)) }
    var walBytes: Int64 { walPages * Self.pageSize }
    /// Bytes of pages in use above which the oldest go: beside them stands the log, which may be as long again while it is
    /// written back, and what is being added.
    var mostUsed: Int64 { bytes - 3 * walBytes - bytes / 16 }
}
