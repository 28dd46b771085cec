/// The tables of `webhooks.db`.
enum WebhookSchema {
    /// Numbers are never used twice: a delivery that runs while its webhook is removed must not settle another's row.
    ///
    /// All times are milliseconds since 1970, but `expires_at` is in seconds.
    static let sql = """
        PRAGMA application_id = \(Migrations.applicationID);
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            event TEXT NOT NULL,
            type TEXT NOT NULL,
            tenant TEXT NOT NULL,
            webhook TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
            tries INTEGER NOT NULL CHECK (tries >= 0),
            next_try INTEGER CHECK ((next_try IS NULL) = (state <> 'pending')),
            last_status INTEGER CHECK (last_status BETWEEN 0 AND 999),
            last_error TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            UNIQUE (event, tenant, webhook)
        ) STRICT;
        CREATE INDEX deliveries_log ON deliveries (tenant, webhook, id);
        CREATE INDEX deliveries_due ON deliveries (tenant, webhook, next_try) WHERE state = 'pending';
        CREATE INDEX deliveries_next ON deliveries (next_try) WHERE state = 'pending';
        CREATE TABLE notices (
            tenant TEXT NOT NULL,
            subject TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            days INTEGER NOT NULL CHECK (days >= 0),
            PRIMARY KEY (tenant, subject)
        ) STRICT, WITHOUT ROWID;
        """
}

extension Migrations {
    static let webhooks = Migrations(steps: [Step(identifier: "1 webhooks", sql: WebhookSchema.sql)])
}
