/// A step of the schema: how many instances a native deployment has and when, and what one may need.
///
/// What ran as one instance until now goes on as one.
enum InstanceScaleSchema {
    static let sql = """
        ALTER TABLE deployments ADD COLUMN min_instances INTEGER CHECK (min_instances BETWEEN 0 AND 64);
        ALTER TABLE deployments ADD COLUMN max_instances INTEGER
            CHECK (max_instances BETWEEN 1 AND 64 AND max_instances >= min_instances);
        ALTER TABLE deployments ADD COLUMN idle_seconds INTEGER CHECK (idle_seconds BETWEEN 1 AND 604800);
        ALTER TABLE deployments ADD COLUMN target_requests INTEGER CHECK (target_requests BETWEEN 1 AND 1024)
            CHECK (target_requests IS NULL OR kind = 'native');
        ALTER TABLE deployments ADD COLUMN start_seconds INTEGER CHECK (start_seconds BETWEEN 1 AND 86400);
        ALTER TABLE deployments ADD COLUMN memory_mb INTEGER CHECK (memory_mb BETWEEN 16 AND 16777216)
            CHECK (memory_mb IS NULL OR kind = 'native');
        UPDATE deployments SET min_instances = 1, max_instances = 1, idle_seconds = 300, start_seconds = 600
            WHERE kind = 'native';

        """ + trigger("added", "INSERT ON") + trigger("changed", "UPDATE ON")

    /// A column that is added later cannot be asked for by a constraint: rows that are there break it at first.
    private static func trigger(_ name: String, _ event: String) -> String {
        """
        CREATE TRIGGER instance_scale_\(name) BEFORE \(event) deployments
            WHEN (NEW.kind = 'native') <> (NEW.min_instances IS NOT NULL)
                OR (NEW.kind = 'native') <> (NEW.max_instances IS NOT NULL)
                OR (NEW.kind = 'native') <> (NEW.idle_seconds IS NOT NULL)
                OR (NEW.kind = 'native') <> (NEW.start_seconds IS NOT NULL)
            BEGIN SELECT RAISE(ABORT, 'a native deployment, and no other, has a scale'); END;

        """
    }
}
