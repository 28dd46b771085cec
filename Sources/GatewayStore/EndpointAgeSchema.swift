/// A step of the schema: when each endpoint was made, so that a token for an earlier one of its name opens nothing.
///
/// Of those that are there already nobody knows it; what opens them goes on.
enum EndpointAgeSchema {
    static let sql = """
        ALTER TABLE endpoints ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0 CHECK (created_at >= 0);
        """
}
