import Foundation
import GRDB
package import GatewayCore

/// The durable queue of webhook deliveries and their log, in their own SQLite file beside the store.
package final class WebhookStore: Sendable {
    /// More than that waiting for one webhook is not taken: each further event fails at once, and shows in the log.
    package static let mostPending = 1000

    let pool: DatabasePool

    /// `webhooks.db` beside the store.
    package static func path(beside store: String) -> String {
        URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("webhooks.db")
            .path
    }

    package init(path: String) throws(StoreError) {
        try PrivateFile.makeParent(of: path)
        try PrivateFile.makeEmpty(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.settings)
            // An event that was taken is delivered, also after a power cut; they are few, so the fsyncs are.
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        } catch {
            throw StoreError(error)
        }
        try Migrations.webhooks.migrate(pool, path: path)
    }

    /// Queues every event for every webhook of its tenant that wants it; one that is queued already stays as it is.
    ///
    /// - Parameters:
    ///   - notices: remembered in the same transaction, so that each is told exactly once.
    ///   - now: milliseconds since 1970, here and below.
    package func add(
        _ events: [WebhookEvent],
        to webhooks: [WebhookDefinition],
        remembering notices: [WebhookNotice] = [],
        now: Int64
    ) async throws(StoreError) {
        let takers = Dictionary(grouping: webhooks, by: \.tenant)
        try await write { database in
            var room = WaitingRoom(database: database)
            for event in events {
                for webhook in takers[event.tenant] ?? [] where webhook.wants(event.kind) {
                    try room.add(event, for: webhook.fullName, now: now)
                }
            }
            for notice in notices { try notice.save(in: database) }
        }
    }

    /// Writes down a try of a delivery; one that is gone by now stays gone.
    package func record(
        _ verdict: DeliveryVerdict,
        _ answer: WebhookAnswer,
        of delivery: PendingDelivery,
        now: Int64
    ) async throws(StoreError) {
        let (state, next): (WebhookDelivery.State, Int64?) =
            switch verdict {
            case .delivered: (.delivered, nil)
            case .retry(let time): (.pending, time)
            case .failed: (.failed, nil)
            }
        try await write { database in
            // The body is only for sending; the log does without.
            let sql = """
                UPDATE deliveries
                SET state = ?1, next_try = ?2, tries = ?3, last_status = ?4, last_error = ?5, updated_at = ?6,
                    body = CASE ?1 WHEN 'pending' THEN body ELSE '' END
                WHERE id = ?7
                """
            try database.execute(
                sql: sql,
                arguments: [
                    state.rawValue, next, delivery.tries + 1, answer.status, answer.error, now, delivery.id,
                ]
            )
        }
    }

    /// Not cancelled with the caller's task: what was sent must be written down while the program stops.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWrite(body) { _, result in
                continuation.resume(returning: result.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    private static var settings: GRDB.Configuration {
        var settings = GRDB.Configuration()
        settings.busyMode = .timeout(10)
        settings.maximumReaderCount = 2
        settings.label = "gatehouse.webhooks"
        return settings
    }
}

/// Puts deliveries into the queue as long as their webhook has room; lives for one transaction.
private struct WaitingRoom {
    private static let crowded =
        "\(WebhookStore.mostPending) deliveries wait for this webhook already"

    let database: Database
    private var waiting: [WebhookName: Int] = [:]

    init(database: Database) {
        self.database = database
    }

    mutating func add(_ event: WebhookEvent, for webhook: WebhookName, now: Int64) throws {
        let count = try waiting[webhook] ?? pending(webhook)
        let hasRoom = count < WebhookStore.mostPending
        let sql = """
            INSERT OR IGNORE INTO deliveries
            (event, type, tenant, webhook, body, state, tries, next_try, last_error, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)
            """
        try database.execute(
            sql: sql,
            arguments: [
                event.identifier, event.kind.rawValue, webhook.tenant, webhook.name,
                hasRoom ? event.body : "",
                (hasRoom ? WebhookDelivery.State.pending : .failed).rawValue, hasRoom ? now : nil,
                hasRoom ? nil : Self.crowded, now, now,
            ]
        )
        waiting[webhook] = hasRoom ? count + database.changesCount : count
    }

    private func pending(_ webhook: WebhookName) throws -> Int {
        let sql =
            "SELECT count(*) FROM deliveries WHERE tenant = ? AND webhook = ? AND state = 'pending'"
        return try Int.fetchOne(database, sql: sql, arguments: [webhook.tenant, webhook.name]) ?? 0
    }
}

extension WebhookNotice {
    fileprivate func save(in database: Database) throws {
        let sql =
            "INSERT OR REPLACE INTO notices (tenant, subject, expires_at, days) VALUES (?, ?, ?, ?)"
        try database.execute(sql: sql, arguments: [tenant, subject, expiresAt, days])
    }
}
