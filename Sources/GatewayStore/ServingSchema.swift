/// A step of the schema: how instances are used and watched, and what answers in their place.
enum ServingSchema {
    static let sql = """
        ALTER TABLE deployments ADD COLUMN max_concurrent INTEGER CHECK (max_concurrent BETWEEN 1 AND 100000);
        ALTER TABLE deployments ADD COLUMN queue_wait_ms INTEGER CHECK (queue_wait_ms BETWEEN 0 AND 600000);
        ALTER TABLE deployments ADD COLUMN liveness_probe TEXT CHECK (\(object("liveness_probe")));
        ALTER TABLE deployments ADD COLUMN readiness_probe TEXT CHECK (\(object("readiness_probe")));
        ALTER TABLE deployments ADD COLUMN liveness_path TEXT CHECK (liveness_path GLOB '/*')
            CHECK (liveness_path IS NULL OR kind = 'upstream');
        ALTER TABLE deployments ADD COLUMN readiness_path TEXT CHECK (readiness_path GLOB '/*')
            CHECK (readiness_path IS NULL OR kind = 'upstream');
        ALTER TABLE endpoints ADD COLUMN fallback TEXT CHECK (\(object("fallback")));
        """

    private static func object(_ column: String) -> String {
        "\(column) IS NULL OR (json_valid(\(column)) AND json_type(\(column)) = 'object')"
    }
}
