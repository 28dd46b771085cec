/// The tables of Azure's dialect: what its clients sent, beside the configuration that was made of it.
enum AzureSchema {
    static let sql = endpoints + deployments + assets

    /// Seconds since 1970, and who made it.
    private static let origin = """
            created_at INTEGER NOT NULL CHECK (created_at >= 0),
            modified_at INTEGER NOT NULL CHECK (modified_at >= created_at),
            created_by TEXT NOT NULL
        """

    private static let endpoints = """
        CREATE TABLE azure_endpoints (
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            body TEXT NOT NULL CHECK (json_valid(body) AND json_type(body) = 'object'),
        \(origin),
            PRIMARY KEY (tenant, name),
            FOREIGN KEY (tenant, name) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        """

    /// A deployment that nothing can serve is kept too, with its failure; so the row needs no row of `deployments`, and goes
    /// with one that goes.
    private static let deployments = """
        CREATE TABLE azure_deployments (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 3 AND 32 AND name GLOB '[a-zA-Z]*' AND name NOT GLOB '*[^a-zA-Z0-9-]*'
                    AND name NOT GLOB '*-'),
            body BLOB NOT NULL CHECK (length(body) >= 28),
            failure TEXT,
        \(origin),
            PRIMARY KEY (tenant, endpoint, name),
            FOREIGN KEY (tenant, endpoint) REFERENCES endpoints (tenant, name) ON DELETE CASCADE
        ) STRICT;
        CREATE TRIGGER azure_deployment_goes_with_its_deployment AFTER DELETE ON deployments BEGIN
            DELETE FROM azure_deployments
                WHERE tenant = OLD.tenant AND endpoint = OLD.endpoint AND name = OLD.name;
        END;
        """

    private static let assets = """
        CREATE TABLE azure_assets (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('models', 'environments', 'codes', 'data')),
            name TEXT NOT NULL
                CHECK (length(name) BETWEEN 1 AND 255 AND name GLOB '[a-zA-Z0-9]*' AND name NOT GLOB '*[^a-zA-Z0-9._-]*'),
            version TEXT NOT NULL
                CHECK (length(version) BETWEEN 1 AND 255 AND version GLOB '[a-zA-Z0-9]*'
                    AND version NOT GLOB '*[^a-zA-Z0-9._-]*'),
            body TEXT NOT NULL CHECK (json_valid(body) AND json_type(body) = 'object'),
        \(origin),
            UNIQUE (tenant, kind, name, version)
        ) STRICT;
        """
}
