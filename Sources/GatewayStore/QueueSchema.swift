/// The ninth step of the schema: what tenants and named keys weigh where requests wait.
enum QueueSchema {
    static let sql = """
        ALTER TABLE tenants ADD COLUMN queue_weight INTEGER NOT NULL DEFAULT 1 CHECK (queue_weight BETWEEN 1 AND 100);
        ALTER TABLE named_keys ADD COLUMN queue_weight INTEGER NOT NULL DEFAULT 1 CHECK (queue_weight BETWEEN 1 AND 100);

        """
}
