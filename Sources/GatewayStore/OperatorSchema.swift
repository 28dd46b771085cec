/// The fifth step of the schema: who may use the admin API, what was changed, and what is still under way.
enum OperatorSchema {
    static let sql = """
        CREATE TABLE operators (
            name TEXT NOT NULL PRIMARY KEY
                CHECK (length(name) BETWEEN 3 AND 64 AND name GLOB '[a-zA-Z0-9]*' AND name NOT GLOB '*[^a-zA-Z0-9._@-]*'),
            role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'deployer', 'key-admin', 'reviewer')),
            tenant TEXT REFERENCES tenants ON DELETE CASCADE,
            password TEXT CHECK (password GLOB 'scrypt$*'),
            is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
            created_at INTEGER NOT NULL CHECK (created_at >= 0)
        ) STRICT;
        CREATE TABLE operator_tokens (
            operator TEXT NOT NULL REFERENCES operators ON DELETE CASCADE,
            id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^a-zA-Z0-9-]*'),
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            is_session INTEGER NOT NULL CHECK (is_session IN (0, 1)),
            created_at INTEGER NOT NULL CHECK (created_at >= 0),
            expires_at INTEGER CHECK (expires_at > created_at),
            PRIMARY KEY (operator, id),
            CHECK (is_session = 0 OR expires_at IS NOT NULL)
        ) STRICT;
        CREATE TABLE audit (
            number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
            at INTEGER NOT NULL CHECK (at >= 0),
            author TEXT NOT NULL CHECK (length(author) > 0),
            address TEXT NOT NULL,
            request TEXT NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('created', 'updated', 'deleted')),
            kind TEXT NOT NULL CHECK (length(kind) > 0),
            resource TEXT NOT NULL CHECK (length(resource) > 0),
            tenant TEXT,
            fields TEXT NOT NULL,
            before TEXT CHECK (before IS NULL OR json_valid(before)),
            after TEXT CHECK (after IS NULL OR json_valid(after)),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            CHECK ((before IS NULL) = (action = 'created')),
            CHECK ((after IS NULL) = (action = 'deleted'))
        ) STRICT;
        CREATE INDEX audit_by_tenant ON audit (tenant, number);
        CREATE TRIGGER audit_is_not_altered BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
        CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
        CREATE TABLE operations (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
            resource TEXT NOT NULL CHECK (length(resource) > 0),
            tenants TEXT NOT NULL CHECK (json_valid(tenants) AND json_type(tenants) = 'array'),
            state TEXT NOT NULL CHECK (state IN ('Creating', 'Updating', 'Deleting', 'Succeeded', 'Failed')),
            started_at INTEGER NOT NULL CHECK (started_at >= 0),
            finished_at INTEGER CHECK (finished_at >= started_at),
            targets TEXT NOT NULL CHECK (json_valid(targets) AND json_type(targets) = 'array'),
            steps TEXT NOT NULL CHECK (json_valid(steps) AND json_type(steps) = 'array'),
            failure TEXT CHECK (failure IS NULL OR json_valid(failure)),
            CHECK ((finished_at IS NULL) = (state IN ('Creating', 'Updating', 'Deleting'))),
            CHECK ((failure IS NOT NULL) = (state = 'Failed'))
        ) STRICT;
        CREATE INDEX operations_by_start ON operations (started_at);

        """
}
