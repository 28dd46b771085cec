import Foundation
import GRDB
import GatewayCore

/// Who may call, and how much.
extension ConfigurationWriter {
    func put(_ tenant: TenantDefinition) throws {
        let rules = try StoredJSON.columns(of: tenant.rules)
        try upsert(
            "tenants",
            keys: 1,
            [
                ("name", tenant.name), ("is_suspended", tenant.isSuspended), ("subscription", tenant.subscription),
                ("resource_group", tenant.resourceGroup), ("cors", try StoredJSON.cors(tenant.cors)),
                ("limits", rules.limits), ("quotas", rules.quotas), ("queue_weight", tenant.queueWeight),
            ]
        )
    }

    func put(_ endpoint: EndpointDefinition) throws {
        let rules = try StoredJSON.columns(of: endpoint.rules)
        try upsert(
            "endpoints",
            keys: 2,
            [
                ("tenant", endpoint.tenant), ("name", endpoint.name), ("description", endpoint.description),
                ("allows_key", endpoint.authModes.contains(.key)),
                ("allows_aad_token", endpoint.authModes.contains(.aadToken)),
                ("allows_aml_token", endpoint.authModes.contains(.amlToken)), ("is_public", endpoint.isPublic),
                ("tags", try StoredJSON.text(endpoint.tags)), ("properties", try StoredJSON.text(endpoint.properties)),
                ("cors", try StoredJSON.cors(endpoint.cors)),
                ("allowed_networks", try StoredJSON.list(endpoint.allowedNetworks)),
                ("fallback", try StoredJSON.text(endpoint.fallback)),
                ("is_private", endpoint.isPrivate), ("maintenance_message", endpoint.maintenance?.message),
                ("maintenance_retry_after", endpoint.maintenance?.retryAfter),
                ("rotation_every", endpoint.keyRotation?.every),
                ("rotation_overlap", endpoint.keyRotation?.overlap), ("limits", rules.limits),
                ("quotas", rules.quotas), ("routing", try StoredJSON.routing(endpoint.routing)),
                ("created_at", endpoint.createdAt), ("capture", try StoredJSON.capture(endpoint.capture)),
            ]
        )
    }

    /// Keys, principals, issuers, roles and webhooks; what their tenants or endpoints took with them is gone already.
    func writeAccess(_ transaction: StoreTransaction, _ keys: KeyDifference, over old: Definitions) throws {
        let new = transaction.definitions
        for key in keys.pairs.new { try put(key, transaction.issued[key.place]) }
        try write(keys.named)
        for principal in Self.gone(old.principals, new.principals, path: \.path) {
            try run("DELETE FROM principals WHERE client_id = ?", [principal.clientID])
        }
        for principal in Self.changed(old.principals, new.principals, path: \.path) { try put(principal) }
        try delete("roles", Self.gone(old.roles, new.roles, path: \.path).map { ($0.tenant, $0.name) })
        try delete("issuers", Self.gone(old.issuers, new.issuers, path: \.path).map { ($0.tenant, $0.name) })
        try delete("webhooks", Self.gone(old.webhooks, new.webhooks, path: \.path).map { ($0.tenant, $0.name) })
        for issuer in Self.changed(old.issuers, new.issuers, path: \.path) { try put(issuer) }
        for role in Self.changed(old.roles, new.roles, path: \.path) { try put(role) }
        for webhook in Self.changed(old.webhooks, new.webhooks, path: \.path) {
            try put(webhook, transaction.signing[webhook.path])
        }
        try writeOperators(old.operators, new.operators)
    }

    private func delete(_ table: String, _ names: [(tenant: String, name: String)]) throws {
        for name in names {
            try run("DELETE FROM \(table) WHERE tenant = ? AND name = ?", [name.tenant, name.name])
        }
    }

    private func put(_ key: EndpointKey, _ secret: KeySecret?) throws {
        // Without a new secret only what is remembered of earlier ones can have changed.
        if let secret {
            try upsert(
                "endpoint_keys",
                keys: 3,
                [
                    ("tenant", key.tenant), ("endpoint", key.endpoint), ("slot", key.slot.rawValue),
                    ("digest", Data(key.digest.bytes)), ("sealed", try secrets.seal(secret.text, place: key.place)),
                    ("created_at", key.createdAt),
                ]
            )
        }
        try put(
            key.retired,
            of: ["tenant": key.tenant, "endpoint": key.endpoint, "slot": key.slot.rawValue]
        )
    }

    /// What a key was before, in place of what is stored.
    ///
    /// - Parameter owner: the columns of `retired_keys` that name it.
    private func put(_ retired: [RetiredKey], of owner: KeyValuePairs<String, String>) throws {
        let condition = owner.map { "\($0.key) = ?" }.joined(separator: " AND ")
        // Cached: many keys come in one change.
        try database.cachedStatement(sql: "DELETE FROM retired_keys WHERE \(condition)")
            .execute(arguments: StatementArguments(owner.map(\.value)))
        for key in retired {
            try upsert(
                "retired_keys",
                keys: 1,
                [("digest", Data(key.digest.bytes)), ("valid_until", key.validUntil)] + owner.map { ($0.key, $0.value) }
            )
        }
    }

    private func write(_ keys: ListDifference<NamedKey>) throws {
        let kept = Set(keys.new.map(\.path))
        try delete("named_keys", keys.old.filter { !kept.contains($0.path) }.map { ($0.tenant, $0.name) })
        for key in keys.new { try put(key) }
    }

    private func put(_ key: NamedKey) throws {
        let rules = try StoredJSON.columns(of: key.rules)
        try upsert(
            "named_keys",
            keys: 2,
            [
                ("tenant", key.tenant), ("name", key.name), ("digest", Data(key.digest.bytes)),
                ("endpoints", try key.endpoints.map { try StoredJSON.list($0) }),
                ("forms", try key.forms.map { try StoredJSON.list($0.map(\.rawValue)) }),
                ("expires_at", key.expiresAt), ("allowed_networks", try StoredJSON.list(key.allowedNetworks)),
                ("is_disabled", key.isDisabled), ("created_at", key.createdAt),
                ("limits", rules.limits), ("quotas", rules.quotas), ("queue_weight", key.queueWeight),
            ]
        )
        try put(key.retired, of: ["tenant": key.tenant, "name": key.name])
    }

    private func put(_ principal: Principal) throws {
        try upsert(
            "principals",
            keys: 1,
            [
                ("client_id", principal.clientID), ("tenant", principal.tenant), ("name", principal.name),
                ("is_disabled", principal.isDisabled),
            ]
        )
        try run("DELETE FROM principal_secrets WHERE client_id = ?", [principal.clientID])
        for (position, secret) in principal.secrets.enumerated() {
            try run(
                "INSERT INTO principal_secrets (client_id, id, position, digest, expires_at) VALUES (?, ?, ?, ?, ?)",
                [principal.clientID, secret.id, position, Data(secret.digest.bytes), secret.expiresAt]
            )
        }
    }

    private func put(_ issuer: TrustedIssuer) throws {
        try upsert(
            "issuers",
            keys: 2,
            [
                ("tenant", issuer.tenant), ("name", issuer.name), ("issuers", try StoredJSON.list(issuer.issuers)),
                ("audiences", try StoredJSON.list(issuer.audiences)), ("directory_id", issuer.directoryID),
                ("discovery_url", issuer.discoveryURL), ("keys_url", issuer.keysURL),
                ("is_named_by_tenant", issuer.isNamedByTenant),
            ]
        )
    }

    private func put(_ role: RoleAssignment) throws {
        let isBuiltIn = role.issuer == RoleAssignment.builtInIssuer
        try upsert(
            "roles",
            keys: 2,
            [
                ("tenant", role.tenant), ("name", role.name), ("role", role.role.rawValue),
                ("subject_kind", role.subject.kind), ("subject", role.subject.text),
                ("issuer", isBuiltIn ? nil : role.issuer), ("is_built_in", isBuiltIn),
                ("endpoints", try role.endpoints.map { try StoredJSON.list($0) }),
                ("proofs", try StoredJSON.list(role.proofs.map(\.rawValue).sorted())),
            ]
        )
    }

    private func put(_ webhook: WebhookDefinition, _ secret: String?) throws {
        let headers = try StoredJSON.text(webhook.headers.map { StoredJSON.Header(name: $0.name, value: $0.value) })
        let sealed = try secrets.seal(headers, place: "\(webhook.path)/headers")
        let events = try StoredJSON.list(webhook.events)
        guard let secret else {
            let sql = """
                UPDATE webhooks SET url = ?, events = ?, headers = ?, is_named_by_tenant = ? WHERE tenant = ? AND name = ?
                """
            return try run(
                sql,
                [webhook.url, events, sealed, webhook.isNamedByTenant, webhook.tenant, webhook.name]
            )
        }
        try upsert(
            "webhooks",
            keys: 2,
            [
                ("tenant", webhook.tenant), ("name", webhook.name), ("url", webhook.url), ("events", events),
                ("headers", sealed), ("secret", try secrets.seal(secret, place: "\(webhook.path)/secret")),
                ("is_named_by_tenant", webhook.isNamedByTenant),
            ]
        )
    }
}
