/// The step of the schema about who named what is dialled: the tenant's own operators reach less than the owner.
///
/// What was there before is the tenant's own where the audit log says that one of its operators named it last; all else,
/// what is older than the log too, is the owner's and goes on as it was.
enum ReachSchema {
    static let sql = """
        ALTER TABLE deployments ADD COLUMN tenant_urls TEXT NOT NULL DEFAULT '[]'
            CHECK (json_valid(tenant_urls) AND json_type(tenant_urls) = 'array')
            CHECK (kind = 'upstream' OR tenant_urls = '[]');
        ALTER TABLE issuers ADD COLUMN is_named_by_tenant INTEGER NOT NULL DEFAULT 0
            CHECK (is_named_by_tenant IN (0, 1));
        ALTER TABLE webhooks ADD COLUMN is_named_by_tenant INTEGER NOT NULL DEFAULT 0
            CHECK (is_named_by_tenant IN (0, 1));
        UPDATE deployments SET tenant_urls = urls WHERE kind = 'upstream'
            AND \(isTenants("deployment", "deployments.tenant || '/' || endpoint || '/' || deployments.name", ["serving"]));
        UPDATE issuers SET is_named_by_tenant = 1
            WHERE \(isTenants("issuer", "issuers.tenant || '/issuers/' || issuers.name", ["keysURL", "discoveryURL"]));
        UPDATE webhooks SET is_named_by_tenant = 1
            WHERE \(isTenants("webhook", "webhooks.tenant || '/webhooks/' || webhooks.name", ["url"]));

        """

    /// Whether who named it last may not act on the whole gateway; tokens never may.
    private static func isTenants(_ kind: String, _ path: String, _ fields: [String]) -> String {
        let isNaming = fields.map { "instr(',' || fields || ',', ',\($0),') > 0" }.joined(separator: " OR ")
        return """
            coalesce((
                SELECT author NOT IN (SELECT operators.name FROM operators WHERE operators.tenant IS NULL)
                    AND (author NOT IN ('operator.token', 'gatehouse') OR author IN (SELECT operators.name FROM operators))
                FROM audit
                WHERE audit.kind = '\(kind)' AND audit.resource = \(path)
                    AND (action = 'created' OR (action = 'updated' AND (\(isNaming))))
                ORDER BY number DESC LIMIT 1
            ), 0)
            """
    }
}
