import GRDB

/// What can be sent now, and when there will be more.
package struct DueDeliveries: Sendable, Equatable {
    package var deliveries: [PendingDelivery] = []
    /// When the next one that is not due yet will be, in milliseconds since 1970.
    package var next: Int64?
}

extension WebhookStore {
    /// For how many more deliveries a webhook has room.
    package struct Opening: Sendable, Equatable {
        package let webhook: WebhookName
        package let count: Int

        package init(webhook: WebhookName, count: Int) {
            self.webhook = webhook
            self.count = count
        }
    }

    /// A delivery from the future means that the clock was set back: waiting for it as agreed could take for ever.
    private static let largestSkew: Int64 = 60_000

    /// The oldest deliveries that are due, for each opening as many as it has room for.
    ///
    /// - Parameter running: left out: being sent.
    package func due(
        _ openings: [Opening],
        except running: Set<Int64>,
        now: Int64
    ) async throws(StoreError) -> DueDeliveries {
        try await write { database in
            var due = DueDeliveries()
            for opening in openings {
                due.deliveries += try Self.due(opening, except: running, now: now, in: database)
            }
            due.next = try Int64.fetchOne(
                database,
                sql: "SELECT min(next_try) FROM deliveries WHERE state = 'pending' AND next_try > ?",
                arguments: [now]
            )
            return due
        }
    }

    private static func due(
        _ opening: Opening,
        except running: Set<Int64>,
        now: Int64,
        in database: Database
    ) throws -> [PendingDelivery] {
        let sql = """
            SELECT id, event, type, body, tries FROM deliveries
            WHERE tenant = ? AND webhook = ? AND state = 'pending' AND (next_try <= ? OR updated_at > ?)
            ORDER BY next_try, id LIMIT ?
            """
        let rows = try Row.fetchAll(
            database,
            sql: sql,
            arguments: [
                opening.webhook.tenant, opening.webhook.name, now, now + largestSkew,
                opening.count + running.count,
            ]
        )
        return rows.filter { !running.contains($0["id"]) }.prefix(opening.count).map { row in
            PendingDelivery(
                id: row["id"],
                webhook: opening.webhook,
                event: row["event"],
                type: row["type"],
                body: row["body"],
                tries: row["tries"]
            )
        }
    }
}
