/// The eleventh step of the schema: of a key, all that it was before and that still open, not the last one alone.
///
/// Foreign keys are checked once the whole step is done, so that `named_keys` can be made anew under its children.
enum RetiredKeySchema {
    static let sql = retired + moves + endpointKeys + namedKeys + triggers

    private static let retired = """
        CREATE TABLE retired_keys (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            tenant TEXT NOT NULL,
            endpoint TEXT,
            slot TEXT,
            name TEXT,
            valid_until INTEGER NOT NULL CHECK (valid_until > 0),
            FOREIGN KEY (tenant, endpoint, slot) REFERENCES endpoint_keys (tenant, endpoint, slot) ON DELETE CASCADE,
            FOREIGN KEY (tenant, name) REFERENCES named_keys (tenant, name) ON DELETE CASCADE,
            -- Of one of an endpoint's two keys, or of a named one.
            CHECK ((endpoint IS NULL) = (slot IS NULL)),
            CHECK ((endpoint IS NULL) <> (name IS NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX retired_keys_of_endpoints ON retired_keys (tenant, endpoint, slot);
        CREATE INDEX retired_keys_of_names ON retired_keys (tenant, name);

        """

    private static let moves = """
        INSERT INTO retired_keys (digest, tenant, endpoint, slot, valid_until)
            SELECT previous_digest, tenant, endpoint, slot, previous_until FROM endpoint_keys
            WHERE previous_digest IS NOT NULL;
        INSERT INTO retired_keys (digest, tenant, name, valid_until)
            SELECT previous_digest, tenant, name, previous_until FROM named_keys WHERE previous_digest IS NOT NULL;

        """

    private static let endpointKeys = """
        DROP TRIGGER endpoint_keys_added;
        DROP TRIGGER endpoint_keys_changed;
        DROP TRIGGER endpoint_keys_removed;
        ALTER TABLE endpoint_keys DROP COLUMN previous_until;
        ALTER TABLE endpoint_keys DROP COLUMN previous_digest;

        """

    private static let namedKeys = """
        DROP TRIGGER named_keys_added;
        DROP TRIGGER named_keys_changed;
        DROP TRIGGER named_keys_removed;
        CREATE TABLE named_keys_2 (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            \(AccessSchema.name),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            endpoints TEXT CHECK (\(AccessSchema.list("endpoints"))),
            forms TEXT CHECK (\(AccessSchema.list("forms"))),
            expires_at INTEGER CHECK (expires_at > 0),
            allowed_networks TEXT NOT NULL CHECK (\(AccessSchema.list("allowed_networks"))),
            is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
            created_at INTEGER NOT NULL CHECK (created_at >= 0),
            \(AccessSchema.rules),
            queue_weight INTEGER NOT NULL DEFAULT 1 CHECK (queue_weight BETWEEN 1 AND 100),
            PRIMARY KEY (tenant, name)
        ) STRICT;
        INSERT INTO named_keys_2 (\(kept)) SELECT \(kept) FROM named_keys;
        DROP TABLE named_keys;
        ALTER TABLE named_keys_2 RENAME TO named_keys;

        """

    private static let kept = """
        tenant, name, digest, endpoints, forms, expires_at, allowed_networks, is_disabled, created_at, limits, quotas,
            queue_weight
        """

    private static let triggers =
        AccessSchema.triggers(on: "endpoint_keys", ["digest"])
        + AccessSchema.triggers(on: "named_keys", ["digest"])
        + AccessSchema.triggers(on: "retired_keys", ["digest"])
}
