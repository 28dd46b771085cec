/// The table of receipts and the statement that fills it.
enum ReceiptSchema {
    /// No secondary index: one on tenant, endpoint and time takes a receipt from 3.9 to 5.1 us of CPU, and what is asked so far
    /// goes by age, which `id` follows.
    static let sql = """
        PRAGMA application_id = \(Migrations.applicationID);
        CREATE TABLE receipts (
            id INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            instance TEXT NOT NULL,
            caller TEXT NOT NULL,
            http_version TEXT NOT NULL,
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            client_address TEXT NOT NULL,
            status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999),
            upstream_status INTEGER NOT NULL CHECK (upstream_status BETWEEN 0 AND 999),
            outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'refused', 'failed', 'cancelled')),
            refusal TEXT NOT NULL,
            model TEXT NOT NULL,
            request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
            response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0),
            prompt_tokens INTEGER CHECK (prompt_tokens >= 0),
            completion_tokens INTEGER CHECK (completion_tokens >= 0),
            is_streamed INTEGER NOT NULL CHECK (is_streamed IN (0, 1)),
            first_byte_us INTEGER CHECK (first_byte_us >= 0),
            duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
            attempts INTEGER NOT NULL CHECK (attempts >= 0)
        ) STRICT;
        """

    /// The third step: the same table with its check of `outcome` spelled out.
    ///
    /// For `IN` with more than two words SQLite builds a table of them, anew for each row: a fifth of what a receipt cost.
    static let outcomeSQL = """
        ALTER TABLE receipts RENAME TO earlier_receipts;
        CREATE TABLE receipts (
            id INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            instance TEXT NOT NULL,
            caller TEXT NOT NULL,
            http_version TEXT NOT NULL,
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            client_address TEXT NOT NULL,
            status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999),
            upstream_status INTEGER NOT NULL CHECK (upstream_status BETWEEN 0 AND 999),
            outcome TEXT NOT NULL CHECK (
                outcome = 'completed' OR outcome = 'refused' OR outcome = 'failed' OR outcome = 'cancelled'
            ),
            refusal TEXT NOT NULL,
            model TEXT NOT NULL,
            request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
            response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0),
            prompt_tokens INTEGER CHECK (prompt_tokens >= 0),
            completion_tokens INTEGER CHECK (completion_tokens >= 0),
            is_streamed INTEGER NOT NULL CHECK (is_streamed IN (0, 1)),
            first_byte_us INTEGER CHECK (first_byte_us >= 0),
            duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
            attempts INTEGER NOT NULL CHECK (attempts >= 0),
            cost INTEGER NOT NULL DEFAULT 0 CHECK (cost >= 0)
        ) STRICT;
        INSERT INTO receipts SELECT * FROM earlier_receipts;
        DROP TABLE earlier_receipts;
        """

    /// `RowBinding` binds by position.
    static let insert = """
        INSERT INTO receipts (
            request_id, tenant, endpoint, deployment, instance, caller, http_version, method, path, client_address, outcome,
            refusal, model, mirror_of, started_at, status, upstream_status, request_bytes, response_bytes, prompt_tokens,
            completion_tokens, is_streamed, first_byte_us, duration_us, attempts, cost
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}

extension Migrations {
    static let receipts = Migrations(
        steps: [
            Step(identifier: "1 receipts", sql: ReceiptSchema.sql),
            Step(identifier: "2 cost and usage", sql: UsageSchema.sql),
            Step(identifier: "3 outcome", sql: ReceiptSchema.outcomeSQL),
            Step(identifier: "4 mirrors", sql: MirrorReceiptSchema.sql),
            Step(identifier: "5 former usage", sql: FormerUsage.schema),
        ]
    )
}
