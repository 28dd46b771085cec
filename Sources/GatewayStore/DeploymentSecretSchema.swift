/// The twelfth step of the schema: values that headers of deployments refer to.
///
/// A secret may be there before its deployment, so the row needs none; the writer takes it away with its deployment.
enum DeploymentSecretSchema {
    static let sql = """
        CREATE TABLE deployment_secrets (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
            endpoint TEXT NOT NULL CHECK (length(endpoint) BETWEEN 3 AND 32),
            deployment TEXT NOT NULL CHECK (length(deployment) BETWEEN 3 AND 32),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 3 AND 64 AND name NOT GLOB '*[^a-zA-Z0-9._-]*'),
            sealed BLOB NOT NULL CHECK (length(sealed) > 28),
            changed_at INTEGER NOT NULL CHECK (changed_at >= 0),
            PRIMARY KEY (tenant, endpoint, deployment, name)
        ) STRICT;
        """
}
