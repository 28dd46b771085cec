/// The second step of the schema: who may call, and how much.
///
/// Foreign keys are checked once the whole step is done, so that `endpoints` can be made anew under its children.
enum AccessSchema {
    static let sql = tenants + endpoints + deployments + pairs + namedKeys + principals + issuers + webhooks + digests

    /// SQLite finds a missing value to be no JSON.
    static func list(_ column: String) -> String { json(column, "array") }

    private static func json(_ column: String, _ type: String) -> String {
        "(\(column) IS NULL OR (json_valid(\(column)) AND json_type(\(column)) = '\(type)'))"
    }

    static let rules = """
            limits TEXT NOT NULL DEFAULT '[]' CHECK (\(list("limits")) AND json_array_length(limits) <= 32),
            quotas TEXT NOT NULL DEFAULT '[]' CHECK (\(list("quotas")) AND json_array_length(quotas) <= 32)
        """

    private static func addRules(to table: String) -> String {
        rules.split(separator: ",\n").map { "ALTER TABLE \(table) ADD COLUMN \($0);\n" }.joined()
    }

    /// How a name looks that is unique in its tenant: of a key, an issuer, a role, a webhook.
    static let name = """
            name TEXT NOT NULL CHECK (length(name) BETWEEN 3 AND 64 AND name NOT GLOB '*[^a-zA-Z0-9._-]*')
        """

    private static let tenants = """
        ALTER TABLE tenants ADD COLUMN is_suspended INTEGER NOT NULL DEFAULT 0 CHECK (is_suspended IN (0, 1));
        ALTER TABLE tenants ADD COLUMN subscription TEXT CHECK (length(subscription) BETWEEN 1 AND 90);
        ALTER TABLE tenants ADD COLUMN resource_group TEXT CHECK (length(resource_group) BETWEEN 1 AND 90);
        ALTER TABLE tenants ADD COLUMN cors TEXT CHECK (\(json("cors", "object")));
        \(addRules(to: "tenants"))
        """

    private static let endpoints = """
        CREATE TABLE endpoints_2 (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 3 AND 32 AND name GLOB '[a-zA-Z]*' AND name NOT GLOB '*[^a-zA-Z0-9-]*'
                    AND name NOT GLOB '*-'),
            description TEXT NOT NULL,
            allows_key INTEGER NOT NULL CHECK (allows_key IN (0, 1)),
            allows_aad_token INTEGER NOT NULL CHECK (allows_aad_token IN (0, 1)),
            allows_aml_token INTEGER NOT NULL CHECK (allows_aml_token IN (0, 1)),
            is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
            tags TEXT NOT NULL CHECK (json_valid(tags) AND json_type(tags) = 'object'),
            properties TEXT NOT NULL CHECK (json_valid(properties) AND json_type(properties) = 'object'),
            cors TEXT CHECK (\(json("cors", "object"))),
            allowed_networks TEXT NOT NULL DEFAULT '[]' CHECK (\(list("allowed_networks"))),
            is_private INTEGER NOT NULL DEFAULT 0 CHECK (is_private IN (0, 1)),
            maintenance_message TEXT CHECK (length(maintenance_message) BETWEEN 1 AND 500),
            maintenance_retry_after INTEGER CHECK (maintenance_retry_after BETWEEN 1 AND 86400),
            rotation_every INTEGER CHECK (rotation_every BETWEEN 60 AND 315360000),
            rotation_overlap INTEGER CHECK (rotation_overlap BETWEEN 0 AND rotation_every),
        \(rules),
            PRIMARY KEY (tenant, name),
            -- Without a credential, or by one of the three others.
            CHECK (is_public = 1 - max(allows_key, allows_aad_token, allows_aml_token)),
            CHECK (is_public = 0 OR limits LIKE '%"by":"address"%'),
            CHECK ((maintenance_message IS NULL) = (maintenance_retry_after IS NULL)),
            CHECK ((rotation_every IS NULL) = (rotation_overlap IS NULL))
        ) STRICT;
        INSERT INTO endpoints_2
            (tenant, name, description, allows_key, allows_aad_token, allows_aml_token, is_public, tags, properties)
            SELECT tenant, name, description, 1, 0, 0, 0, tags, properties FROM endpoints;
        DROP TABLE endpoints;
        ALTER TABLE endpoints_2 RENAME TO endpoints;

        """

    private static let deployments = """
        \(addRules(to: "deployments"))
        ALTER TABLE deployments ADD COLUMN input_price INTEGER CHECK (input_price >= 0);
        ALTER TABLE deployments ADD COLUMN output_price INTEGER
            CHECK (output_price >= 0) CHECK ((input_price IS NULL) = (output_price IS NULL));
        ALTER TABLE deployments ADD COLUMN request_price INTEGER
            CHECK (request_price >= 0) CHECK ((input_price IS NULL) = (request_price IS NULL));

        """

    private static let pairs = """
        ALTER TABLE endpoint_keys ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0 CHECK (created_at >= 0);
        ALTER TABLE endpoint_keys ADD COLUMN previous_digest BLOB CHECK (length(previous_digest) = 32);
        ALTER TABLE endpoint_keys ADD COLUMN previous_until INTEGER
            CHECK (previous_until > 0) CHECK ((previous_digest IS NULL) = (previous_until IS NULL));
        UPDATE endpoint_keys SET created_at = CAST(strftime('%s', 'now') AS INTEGER);

        """

    private static let namedKeys = """
        CREATE TABLE named_keys (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
        \(name),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            endpoints TEXT CHECK (\(list("endpoints"))),
            forms TEXT CHECK (\(list("forms"))),
            expires_at INTEGER CHECK (expires_at > 0),
            allowed_networks TEXT NOT NULL CHECK (\(list("allowed_networks"))),
            is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
            created_at INTEGER NOT NULL CHECK (created_at >= 0),
            previous_digest BLOB CHECK (length(previous_digest) = 32),
            previous_until INTEGER CHECK (previous_until > 0),
        \(rules),
            PRIMARY KEY (tenant, name),
            CHECK ((previous_digest IS NULL) = (previous_until IS NULL))
        ) STRICT;

        """

    private static let principals = """
        CREATE TABLE principals (
            client_id TEXT NOT NULL PRIMARY KEY CHECK (client_id GLOB '\(uuid)'),
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
            is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1))
        ) STRICT;
        CREATE TABLE principal_secrets (
            client_id TEXT NOT NULL REFERENCES principals ON DELETE CASCADE,
            id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^a-zA-Z0-9-]*'),
            position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 7),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            expires_at INTEGER CHECK (expires_at > 0),
            PRIMARY KEY (client_id, id)
        ) STRICT;

        """

    private static let uuid = [8, 4, 4, 4, 12].map { String(repeating: "[0-9a-f]", count: $0) }.joined(separator: "-")

    private static let issuers = """
        CREATE TABLE issuers (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
        \(name) CHECK (name <> 'built-in'),
            issuers TEXT NOT NULL CHECK (\(list("issuers")) AND json_array_length(issuers) > 0),
            audiences TEXT NOT NULL CHECK (\(list("audiences")) AND json_array_length(audiences) > 0),
            directory_id TEXT CHECK (length(directory_id) BETWEEN 1 AND 256),
            discovery_url TEXT CHECK (length(discovery_url) > 0),
            keys_url TEXT CHECK (length(keys_url) > 0),
            PRIMARY KEY (tenant, name),
            CHECK ((discovery_url IS NULL) <> (keys_url IS NULL))
        ) STRICT;
        CREATE TABLE roles (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
        \(name),
            role TEXT NOT NULL
                CHECK (role IN ('invoke', 'token', 'owner', 'admin', 'deployer', 'key-admin', 'reviewer')),
            subject_kind TEXT NOT NULL CHECK (subject_kind IN
                ('subject', 'application', 'group', 'applicationRole', 'scope', 'managedIdentity')),
            subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 512),
            issuer TEXT,
            is_built_in INTEGER NOT NULL CHECK (is_built_in IN (0, 1)) CHECK (is_built_in = 0 OR issuer IS NULL),
            endpoints TEXT CHECK (\(list("endpoints"))),
            proofs TEXT NOT NULL CHECK (\(list("proofs"))),
            PRIMARY KEY (tenant, name),
            -- Deferred: an issuer and the roles that name it go in one change.
            FOREIGN KEY (tenant, issuer) REFERENCES issuers (tenant, name) DEFERRABLE INITIALLY DEFERRED
        ) STRICT;

        """

    private static let webhooks = """
        CREATE TABLE webhooks (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
        \(name),
            url TEXT NOT NULL CHECK (url GLOB 'http*://?*'),
            events TEXT NOT NULL CHECK (\(list("events"))),
            headers BLOB NOT NULL CHECK (length(headers) >= 28),
            secret BLOB NOT NULL CHECK (length(secret) >= 28),
            PRIMARY KEY (tenant, name)
        ) STRICT;

        """

    /// Every digest that opens something, so that no two keys of any kind can be one, kept by triggers.
    private static let digests =
        """
        CREATE TABLE key_digests (digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32)) STRICT, WITHOUT ROWID;
        INSERT INTO key_digests SELECT digest FROM endpoint_keys;

        """
        + triggers(on: "endpoint_keys", ["digest", "previous_digest"])
        + triggers(on: "named_keys", ["digest", "previous_digest"])
        + triggers(on: "principal_secrets", ["digest"])

    static func triggers(on table: String, _ columns: [String]) -> String {
        let add = columns.map { "INSERT INTO key_digests SELECT NEW.\($0) WHERE NEW.\($0) IS NOT NULL;" }
            .joined(separator: " ")
        let old = columns.map { "OLD.\($0)" }.joined(separator: ", ")
        let remove = "DELETE FROM key_digests WHERE digest IN (\(old));"
        return """
            CREATE TRIGGER \(table)_added AFTER INSERT ON \(table) BEGIN \(add) END;
            CREATE TRIGGER \(table)_changed AFTER UPDATE OF \(columns.joined(separator: ", ")) ON \(table)
                BEGIN \(remove) \(add) END;
            CREATE TRIGGER \(table)_removed AFTER DELETE ON \(table) BEGIN \(remove) END;

            """
    }
}
