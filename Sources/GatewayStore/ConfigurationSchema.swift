/// The tables of configuration: stricter than the code, so that a bug cannot store what could not be served.
enum ConfigurationSchema {
    static let sql = """
        PRAGMA application_id = \(Migrations.applicationID);
        CREATE TABLE meta (
            name TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
            value BLOB NOT NULL
        ) STRICT;
        CREATE TABLE tenants (
            name TEXT NOT NULL PRIMARY KEY
                CHECK (length(name) BETWEEN 3 AND 32 AND name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9-]*')
                CHECK (name NOT IN ('v1', 'v2', 'openai', 'endpoints', 'adfs', 'api', 'metadata', 'subscriptions', 'store',
                    'healthz', 'readyz'))
        ) STRICT;
        CREATE TABLE models (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 1 AND 255 AND name GLOB '[a-zA-Z0-9]*' AND name NOT GLOB '*[^a-zA-Z0-9._-]*'),
            version TEXT NOT NULL
                CHECK (length(version) BETWEEN 1 AND 255 AND version GLOB '[a-zA-Z0-9]*'
                    AND version NOT GLOB '*[^a-zA-Z0-9._-]*'),
            path TEXT NOT NULL CHECK (path GLOB '/*'),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
            size INTEGER NOT NULL CHECK (size > 0),
            UNIQUE (tenant, name, version)
        ) STRICT;
        CREATE TABLE endpoints (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 3 AND 32 AND name GLOB '[a-zA-Z]*' AND name NOT GLOB '*[^a-zA-Z0-9-]*'
                    AND name NOT GLOB '*-'),
            description TEXT NOT NULL,
            auth_mode TEXT NOT NULL CHECK (auth_mode IN ('key')),
            tags TEXT NOT NULL CHECK (json_valid(tags) AND json_type(tags) = 'object'),
            properties TEXT NOT NULL CHECK (json_valid(properties) AND json_type(properties) = 'object'),
            PRIMARY KEY (tenant, name)
        ) STRICT;
        CREATE TABLE deployments (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 3 AND 32 AND name GLOB '[a-zA-Z]*' AND name NOT GLOB '*[^a-zA-Z0-9-]*'
                    AND name NOT GLOB '*-'),
            description TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('upstream', 'native')),
            urls TEXT CHECK (urls IS NULL OR (json_valid(urls) AND json_type(urls) = 'array' AND json_array_length(urls) > 0)),
            upstream_model TEXT CHECK (length(upstream_model) BETWEEN 1 AND 256),
            headers BLOB CHECK (length(headers) >= 28),
            certificate_authority TEXT CHECK (length(certificate_authority) > 0),
            engine TEXT CHECK (engine IN ('llama')),
            slots INTEGER CHECK (slots BETWEEN 1 AND 1024),
            context INTEGER CHECK (context BETWEEN 0 AND 16777216),
            threads INTEGER CHECK (threads BETWEEN 0 AND 1024),
            timeout_ms INTEGER CHECK (timeout_ms BETWEEN 1 AND 86400000),
            model_name TEXT CHECK (length(model_name) BETWEEN 1 AND 255),
            model_version TEXT CHECK (length(model_version) BETWEEN 1 AND 255),
            instance_type TEXT,
            environment BLOB NOT NULL CHECK (length(environment) >= 28),
            tags TEXT NOT NULL CHECK (json_valid(tags) AND json_type(tags) = 'object'),
            properties TEXT NOT NULL CHECK (json_valid(properties) AND json_type(properties) = 'object'),
            PRIMARY KEY (tenant, endpoint, name),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE,
            CHECK (model_version IS NULL OR model_name IS NOT NULL),
            CHECK ((kind = 'upstream') = (urls IS NOT NULL)),
            CHECK ((kind = 'upstream') = (headers IS NOT NULL)),
            CHECK (kind = 'upstream' OR (upstream_model IS NULL AND certificate_authority IS NULL)),
            CHECK ((kind = 'native') = (engine IS NOT NULL)),
            CHECK ((kind = 'native') = (slots IS NOT NULL)),
            CHECK ((kind = 'native') = (context IS NOT NULL)),
            CHECK ((kind = 'native') = (threads IS NOT NULL)),
            CHECK (kind = 'upstream' OR model_name IS NOT NULL)
        ) STRICT;
        CREATE TABLE traffic (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 100),
            PRIMARY KEY (tenant, endpoint, deployment),
            FOREIGN KEY (tenant, endpoint, deployment) REFERENCES deployments (tenant, endpoint, name) ON DELETE CASCADE
        ) STRICT;
        CREATE TABLE model_names (
            tenant TEXT NOT NULL,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256 AND name NOT GLOB '*[^!-~]*'),
            endpoint TEXT NOT NULL,
            position INTEGER NOT NULL CHECK (position >= 0),
            PRIMARY KEY (tenant, name),
            UNIQUE (tenant, endpoint, position),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        CREATE TABLE hosts (
            host TEXT NOT NULL PRIMARY KEY CHECK (length(host) BETWEEN 1 AND 253 AND host NOT GLOB '*[^a-z0-9.-]*'),
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            position INTEGER NOT NULL CHECK (position >= 0),
            UNIQUE (tenant, endpoint, position),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        CREATE TABLE endpoint_keys (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            slot TEXT NOT NULL CHECK (slot IN ('primary', 'secondary')),
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            sealed BLOB NOT NULL CHECK (length(sealed) >= 28),
            PRIMARY KEY (tenant, endpoint, slot),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        CREATE TABLE certificates (
            host TEXT NOT NULL PRIMARY KEY CHECK (length(host) BETWEEN 1 AND 253 AND host NOT GLOB '*[^a-z0-9.*-]*'),
            certificate TEXT NOT NULL CHECK (length(certificate) > 0),
            key TEXT NOT NULL CHECK (length(key) > 0)
        ) STRICT;
        """
}
