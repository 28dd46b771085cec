/// The eighth step of the schema: what finds entries and assets without reading all of them.
enum AuditSchema {
    /// From it on, a log without entries has a sealed end, which lies outside the database too.
    static let identifier = "8 audit"

    static let sql = """
        CREATE INDEX audit_of_new_tenants ON audit (tenant, number) WHERE kind = 'tenant' AND action = 'created';
        ALTER TABLE azure_assets ADD COLUMN is_archived INTEGER
            GENERATED ALWAYS AS (json_type(body, '$.isArchived') IS 'true') VIRTUAL;
        ALTER TABLE azure_assets ADD COLUMN hash TEXT GENERATED ALWAYS AS (
            CASE WHEN json_type(body, '$.properties.hash_sha256') IS 'text'
                THEN json_extract(body, '$.properties.hash_sha256') END) VIRTUAL;
        CREATE INDEX azure_assets_listed ON azure_assets (tenant, kind, name, id, version, is_archived, hash);
        """
}
