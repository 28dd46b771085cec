/// The step of the schema about where traffic goes beside the split: mirrors, canaries, versions, paths.
enum TrafficSchema {
    static let sql = """
        CREATE TABLE mirrors (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
            PRIMARY KEY (tenant, endpoint, deployment),
            FOREIGN KEY (tenant, endpoint, deployment) REFERENCES deployments (tenant, endpoint, name) ON DELETE CASCADE
        ) STRICT;
        -- A deployment is live or a mirror. Weights are written first.
        CREATE TRIGGER mirrors_are_not_live BEFORE INSERT ON mirrors
            WHEN NEW.percent > 0 AND EXISTS (
                SELECT 1 FROM traffic WHERE tenant = NEW.tenant AND endpoint = NEW.endpoint
                    AND deployment = NEW.deployment AND weight > 0
            )
            BEGIN SELECT RAISE(ABORT, 'a mirror has traffic'); END;
        ALTER TABLE endpoints ADD COLUMN routing TEXT CHECK (\(object("routing")));
        ALTER TABLE deployments ADD COLUMN path_rewrite TEXT CHECK (\(object("path_rewrite")))
            CHECK (kind = 'upstream' OR path_rewrite IS NULL);
        ALTER TABLE deployments ADD COLUMN removed_headers TEXT NOT NULL DEFAULT '[]'
            CHECK (json_valid(removed_headers) AND json_type(removed_headers) = 'array'
                AND json_array_length(removed_headers) <= 32)
            CHECK (kind = 'upstream' OR removed_headers = '[]');
        ALTER TABLE deployments ADD COLUMN is_egress_private INTEGER NOT NULL DEFAULT 0
            CHECK (is_egress_private IN (0, 1));
        """

    private static func object(_ column: String) -> String {
        "\(column) IS NULL OR (json_valid(\(column)) AND json_type(\(column)) = 'object')"
    }
}

/// The step of the receipts' schema that marks mirrored calls.
enum MirrorReceiptSchema {
    static let sql = "ALTER TABLE receipts ADD COLUMN mirror_of TEXT NOT NULL DEFAULT '';"
}
