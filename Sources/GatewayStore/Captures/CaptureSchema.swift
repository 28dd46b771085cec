/// The tables of captures.
///
/// A *segment* is a run of captures with consecutive identifiers: it has a full-text index of its own, which goes with it,
/// so that retention is a few statements and never works on one capture.
enum CaptureSchema {
    static let sql = """
        PRAGMA application_id = \(Migrations.applicationID);
        CREATE TABLE segments (
            id INTEGER PRIMARY KEY,
            first_capture INTEGER NOT NULL,
            captures INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            -- Captures up to this one are in the full-text index.
            indexed_to INTEGER NOT NULL,
            newest_at INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        -- Contents of several captures, compressed together.
        CREATE TABLE blocks (
            id INTEGER PRIMARY KEY,
            segment INTEGER NOT NULL,
            size INTEGER NOT NULL,
            content BLOB NOT NULL
        ) STRICT;
        CREATE INDEX blocks_of_segments ON blocks (segment);
        CREATE TABLE captures (
            id INTEGER PRIMARY KEY,
            block INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            length INTEGER NOT NULL,
            request_id TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            instance TEXT NOT NULL,
            caller TEXT NOT NULL,
            method TEXT NOT NULL,
            path TEXT NOT NULL,
            query TEXT NOT NULL,
            status INTEGER NOT NULL,
            upstream_status INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            model TEXT NOT NULL,
            is_streamed INTEGER NOT NULL,
            request_size INTEGER NOT NULL,
            response_size INTEGER NOT NULL,
            is_request_cut INTEGER NOT NULL,
            is_response_cut INTEGER NOT NULL,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            first_byte_us INTEGER,
            duration_us INTEGER NOT NULL,
            mirror_of TEXT NOT NULL,
            collections TEXT NOT NULL,
            label TEXT NOT NULL DEFAULT ''
        ) STRICT;
        -- All that lists are filtered by: 1,000,000 rows are gone through without the table.
        CREATE INDEX captures_filter ON captures (
            tenant, id, endpoint, deployment, caller, status, duration_us, prompt_tokens, completion_tokens, started_at,
            label, mirror_of
        );
        CREATE INDEX captures_of_requests ON captures (request_id);
        """

    /// What was asked before that moment (microseconds since 1970) is nobody's, whoever has the name since; it is erased in
    /// steps.
    static let goneSQL = "CREATE TABLE gone (tenant TEXT PRIMARY KEY, before INTEGER NOT NULL) STRICT;"

    /// The run of the system that has used the file last, with the last capture before it; and the segments whose index still
    /// has words of captures that were erased.
    static let bootSQL = """
        CREATE TABLE boots (id TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
        CREATE TABLE stale_indexes (segment INTEGER PRIMARY KEY) STRICT;
        """

    /// What of bodies a segment's index has: `IndexedText.Form`.
    static let textFormSQL = "ALTER TABLE segments ADD COLUMN text_form INTEGER NOT NULL DEFAULT 1;"

    /// The condition that a capture is of the tenant that has the name now; its two arguments are the name.
    static let isOfTenant =
        "tenant = ? AND started_at >= coalesce((SELECT before FROM gone WHERE gone.tenant = ?), 0)"

    /// The full-text index of a segment, which keeps no text of its own.
    ///
    /// `tenant` is a word that only one tenant's captures have.
    static func index(_ segment: Int64) -> String { "text_\(segment)" }

    static func makeIndex(_ segment: Int64) -> String {
        "CREATE VIRTUAL TABLE \(index(segment)) USING fts5(tenant, request, response, content='', tokenize='unicode61')"
    }

    /// `RowBinding` binds by position.
    static let insert = """
        INSERT INTO captures (
            request_id, tenant, endpoint, deployment, instance, caller, method, path, query, outcome, model, mirror_of,
            collections, id, block, offset, length, started_at, status, upstream_status, is_streamed, request_size,
            response_size, is_request_cut, is_response_cut, prompt_tokens, completion_tokens, first_byte_us, duration_us
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}

extension Migrations {
    static let captures = Migrations(steps: [
        Step(identifier: "1 captures", sql: CaptureSchema.sql),
        Step(identifier: "2 tenants that are gone", sql: CaptureSchema.goneSQL),
        Step(identifier: "3 runs of the system, indexes to be cleaned", sql: CaptureSchema.bootSQL),
        Step(identifier: "4 what indexes have", sql: CaptureSchema.textFormSQL),
    ])
}
