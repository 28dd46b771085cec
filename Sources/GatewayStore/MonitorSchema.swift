/// A step of the schema: the role that only sees metrics.
///
/// Foreign keys are checked once the whole step is done, so that both tables can be made anew, `operators` under its children.
enum MonitorSchema {
    static let sql = operators + roles

    private static let operators = """
        CREATE TABLE operators_2 (
            name TEXT NOT NULL PRIMARY KEY
                CHECK (length(name) BETWEEN 3 AND 64 AND name GLOB '[a-zA-Z0-9]*' AND name NOT GLOB '*[^a-zA-Z0-9._@-]*'),
            role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'deployer', 'key-admin', 'reviewer', 'monitor')),
            tenant TEXT REFERENCES tenants ON DELETE CASCADE,
            password TEXT CHECK (password GLOB 'scrypt$*'),
            is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
            created_at INTEGER NOT NULL CHECK (created_at >= 0)
        ) STRICT;
        INSERT INTO operators_2 SELECT name, role, tenant, password, is_disabled, created_at FROM operators;
        DROP TABLE operators;
        ALTER TABLE operators_2 RENAME TO operators;

        """

    private static let roles = """
        CREATE TABLE roles_2 (
            tenant TEXT NOT NULL REFERENCES tenants ON DELETE CASCADE,
        \(AccessSchema.name),
            role TEXT NOT NULL
                CHECK (role IN ('invoke', 'token', 'owner', 'admin', 'deployer', 'key-admin', 'reviewer', 'monitor')),
            subject_kind TEXT NOT NULL CHECK (subject_kind IN
                ('subject', 'application', 'group', 'applicationRole', 'scope', 'managedIdentity')),
            subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 512),
            issuer TEXT,
            is_built_in INTEGER NOT NULL CHECK (is_built_in IN (0, 1)) CHECK (is_built_in = 0 OR issuer IS NULL),
            endpoints TEXT CHECK (\(AccessSchema.list("endpoints"))),
            proofs TEXT NOT NULL CHECK (\(AccessSchema.list("proofs"))),
            PRIMARY KEY (tenant, name),
            FOREIGN KEY (tenant, issuer) REFERENCES issuers (tenant, name) DEFERRABLE INITIALLY DEFERRED
        ) STRICT;
        INSERT INTO roles_2 SELECT tenant, name, role, subject_kind, subject, issuer, is_built_in, endpoints, proofs FROM roles;
        DROP TABLE roles;
        ALTER TABLE roles_2 RENAME TO roles;

        """
}
