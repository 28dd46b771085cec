import GRDB

/// How much of the delivery log is kept; what is pending stays.
package struct WebhookRetention: Sendable, Equatable {
    package var days: Int
    package var rows: Int
    package var rowsPerWebhook: Int

    package init(days: Int = 7, rows: Int = 10_000, rowsPerWebhook: Int = 200) {
        self.days = days
        self.rows = rows
        self.rowsPerWebhook = rowsPerWebhook
    }
}

extension WebhookStore {
    /// The newest deliveries of one webhook first.
    package func deliveries(of webhook: WebhookName, limit: Int = 100) async throws(StoreError)
        -> [WebhookDelivery]
    {
        try await write { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT * FROM deliveries WHERE tenant = ? AND webhook = ? ORDER BY id DESC LIMIT ?",
                arguments: [webhook.tenant, webhook.name, limit]
            )
            return rows.map(WebhookDelivery.init(row:))
        }
    }

    /// Writes down an event that was sent to one webhook outside of the queue.
    package func log(
        _ event: WebhookEvent,
        to webhook: WebhookName,
        _ answer: WebhookAnswer,
        now: Int64
    ) async throws(StoreError) {
        let state: WebhookDelivery.State = answer.isDelivered ? .delivered : .failed
        try await write { database in
            let sql = """
                INSERT INTO deliveries
                (event, type, tenant, webhook, body, state, tries, last_status, last_error, created_at, updated_at)
                VALUES (?, ?, ?, ?, '', ?, 1, ?, ?, ?, ?)
                """
            try database.execute(
                sql: sql,
                arguments: [
                    event.identifier, event.kind.rawValue, webhook.tenant, webhook.name, state.rawValue,
                    answer.status,
                    answer.error, event.time, now,
                ]
            )
        }
    }

    /// Drops what waits for webhooks that are gone, and their log: another tenant may get the same name.
    package func keep(only webhooks: Set<WebhookName>) async throws(StoreError) {
        try await write { database in
            let rows = try Row.fetchAll(database, sql: "SELECT DISTINCT tenant, webhook FROM deliveries")
            let known = rows.map { WebhookName(tenant: $0["tenant"], name: $0["webhook"]) }
            for gone in known where !webhooks.contains(gone) {
                try database.execute(
                    sql: "DELETE FROM deliveries WHERE tenant = ? AND webhook = ?",
                    arguments: [gone.tenant, gone.name]
                )
            }
        }
    }

    /// Deletes finished deliveries past the retention.
    package func deleteOld(_ retention: WebhookRetention = WebhookRetention(), now: Int64)
        async throws(StoreError)
    {
        try await write { database in
            let sql = """
                DELETE FROM deliveries WHERE id IN (
                    SELECT id FROM (
                        SELECT id, updated_at, row_number() OVER (ORDER BY id DESC) AS place,
                            row_number() OVER (PARTITION BY tenant, webhook ORDER BY id DESC) AS own_place
                        FROM deliveries WHERE state <> 'pending'
                    )
                    WHERE updated_at < ? OR place > ? OR own_place > ?
                )
                """
            let oldest = now - Int64(retention.days) * 86_400_000
            try database.execute(sql: sql, arguments: [oldest, retention.rows, retention.rowsPerWebhook])
        }
    }

    /// Every expiry that was told of.
    package func notices() async throws(StoreError) -> [WebhookNotice] {
        try await write { database in
            try Row.fetchAll(database, sql: "SELECT tenant, subject, expires_at, days FROM notices").map {
                row in
                WebhookNotice(
                    tenant: row["tenant"],
                    subject: row["subject"],
                    expiresAt: row["expires_at"],
                    days: row["days"]
                )
            }
        }
    }

    /// Forgets notices of what is gone or was renewed.
    package func forget(_ notices: [WebhookNotice]) async throws(StoreError) {
        try await write { database in
            for notice in notices {
                try database.execute(
                    sql: "DELETE FROM notices WHERE tenant = ? AND subject = ? AND expires_at = ?",
                    arguments: [notice.tenant, notice.subject, notice.expiresAt]
                )
            }
        }
    }
}

extension WebhookDelivery {
    init(row: Row) {
        self.init(
            event: row["event"],
            type: row["type"],
            // The table's CHECK knows the same names.
            state: State(rawValue: row["state"]) ?? .failed,
            tries: row["tries"],
            lastStatus: row["last_status"],
            lastError: row["last_error"],
            createdAt: row["created_at"],
            updatedAt: row["updated_at"],
            nextTryAt: row["next_try"]
        )
    }
}
