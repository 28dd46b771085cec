/// A step of the schema: where a model's file was pulled from, when a file was last used, and operations that are work of the
/// gateway's own.
enum PulledModelSchema {
    static let sql = """
        ALTER TABLE models ADD COLUMN source TEXT CHECK (length(source) BETWEEN 1 AND 2048);
        CREATE TABLE model_uses (
            path TEXT NOT NULL PRIMARY KEY CHECK (path GLOB '/*'),
            used_at INTEGER NOT NULL CHECK (used_at >= 0)
        ) STRICT;
        ALTER TABLE operations ADD COLUMN is_work INTEGER NOT NULL DEFAULT 0 CHECK (is_work IN (0, 1));
        """
}
