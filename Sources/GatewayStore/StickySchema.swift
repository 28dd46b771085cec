/// The tenth step of the schema: which deployment each hundredth of an endpoint's sticky callers is assigned to.
enum StickySchema {
    static let sql = """
        CREATE TABLE sticky_buckets (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            owners TEXT NOT NULL CHECK (json_valid(owners) AND json_type(owners) = 'array'),
            PRIMARY KEY (tenant, endpoint),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        """
}
