/// The second step of the receipts' schema: what was used, added up, so that nobody has to walk over receipts.
enum UsageSchema {
    /// Seconds; every offset of a time zone in use is a multiple of it, so that days of every zone are whole buckets.
    static let bucket: Int64 = 900
    /// Sums of one bucket stay under this, so that thousands of them fit SQLite's integers.
    static let largest: Int64 = 1_000_000_000_000_000

    static let sql = """
        ALTER TABLE receipts ADD COLUMN cost INTEGER NOT NULL DEFAULT 0 CHECK (cost >= 0);
        CREATE TABLE usage (
            bucket INTEGER NOT NULL CHECK (bucket >= 0 AND bucket % \(bucket) = 0),
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL CHECK (length(deployment) > 0),
            caller TEXT NOT NULL,
            requests INTEGER NOT NULL CHECK (requests BETWEEN 0 AND \(largest)),
            input_tokens INTEGER NOT NULL CHECK (input_tokens BETWEEN 0 AND \(largest)),
            output_tokens INTEGER NOT NULL CHECK (output_tokens BETWEEN 0 AND \(largest)),
            cost INTEGER NOT NULL CHECK (cost BETWEEN 0 AND \(largest)),
            PRIMARY KEY (bucket, tenant, endpoint, deployment, caller)
        ) STRICT, WITHOUT ROWID;
        -- Quotas ask for one subject; a row costs the writer these once, since what is added to it changes neither.
        CREATE INDEX usage_of_caller ON usage (tenant, caller, bucket);
        CREATE INDEX usage_of_endpoint ON usage (tenant, endpoint, deployment, bucket);
        CREATE TABLE key_use (
            caller TEXT NOT NULL PRIMARY KEY,
            last_used INTEGER NOT NULL CHECK (last_used >= 0)
        ) STRICT, WITHOUT ROWID;
        """

    static let add = """
        INSERT INTO usage (bucket, tenant, endpoint, deployment, caller, requests, input_tokens, output_tokens, cost)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (bucket, tenant, endpoint, deployment, caller) DO UPDATE SET
            requests = min(requests + excluded.requests, \(largest)),
            input_tokens = min(input_tokens + excluded.input_tokens, \(largest)),
            output_tokens = min(output_tokens + excluded.output_tokens, \(largest)),
            cost = min(cost + excluded.cost, \(largest))
        """

    static let touch = """
        INSERT INTO key_use (caller, last_used) VALUES (?, ?)
        ON CONFLICT (caller) DO UPDATE SET last_used = max(last_used, excluded.last_used)
        """
}
