import Foundation
import GRDB
import GatewayCore

/// Who may call, and how much.
extension ConfigurationReader {
    func tenant(_ row: Row) throws -> TenantDefinition {
        let name: String = row["name"]
        return TenantDefinition(
            name: name,
            isSuspended: row["is_suspended"],
            subscription: row["subscription"],
            resourceGroup: row["resource_group"],
            rules: try rules(row, name),
            cors: try StoredJSON.cors(row["cors"], place: name),
            queueWeight: row["queue_weight"]
        )
    }

    func readAccess(of endpoint: inout EndpointDefinition, _ row: Row) {
        let columns: [(AuthMode, String)] = [
            (.key, "allows_key"), (.aadToken, "allows_aad_token"), (.amlToken, "allows_aml_token"),
            (.none, "is_public"),
        ]
        endpoint.authModes = Set(columns.filter { row[$0.1] }.map(\.0))
        endpoint.isPublic = row["is_public"]
        endpoint.isPrivate = row["is_private"]
        endpoint.createdAt = row["created_at"]
        if let message: String = row["maintenance_message"] {
            endpoint.maintenance = Maintenance(message: message, retryAfter: row["maintenance_retry_after"])
        }
        if let every: Int64 = row["rotation_every"] {
            endpoint.keyRotation = RotationRule(every: every, overlap: row["rotation_overlap"])
        }
    }

    func key(_ row: Row, _ retired: [String: [RetiredKey]]) throws -> EndpointKey {
        let place = "\(row["tenant"] as String)/\(row["endpoint"] as String)"
        guard let slot = KeySlot(rawValue: row["slot"]) else { throw damaged(place) }
        var key = EndpointKey(
            tenant: row["tenant"],
            endpoint: row["endpoint"],
            slot: slot,
            digest: try digest(row["digest"], place),
            createdAt: row["created_at"]
        )
        key.retired = retired[key.label] ?? []
        return key
    }

    /// By position and through a cursor: there may be 100,000.
    func namedKeys(_ retired: [String: [RetiredKey]]) throws -> [NamedKey] {
        let columns = """
            tenant, name, digest, endpoints, forms, expires_at, allowed_networks, limits, quotas, is_disabled, created_at,
            queue_weight
            """
        let rows = try Row.fetchCursor(database, sql: "SELECT \(columns) FROM named_keys ORDER BY tenant, name")
        var keys: [NamedKey] = []
        while let row = try rows.next() { keys.append(try namedKey(row, retired)) }
        return keys
    }

    private func namedKey(_ row: Row, _ retired: [String: [RetiredKey]]) throws -> NamedKey {
        let tenant: String = row[0]
        let name: String = row[1]
        let place = NamedKey.path(tenant, name)
        return NamedKey(
            tenant: tenant,
            name: name,
            digest: try digest(row[2], place),
            endpoints: try names(row[3], place),
            forms: try names(row[4], place)?.map { text in
                guard let form = URLFormName(rawValue: text) else { throw damaged(place) }
                return form
            },
            expiresAt: row[5],
            allowedNetworks: try StoredJSON.strings(row[6], place: place),
            rules: try StoredJSON.rules(limits: row[7], quotas: row[8], place: place),
            queueWeight: row[11],
            isDisabled: row[9],
            createdAt: row[10],
            retired: retired[place] ?? []
        )
    }

    func principals() throws -> [Principal] {
        var secrets: [String: [Principal.Secret]] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM principal_secrets ORDER BY client_id, position") {
            let owner: String = row["client_id"]
            let digest = try digest(row["digest"], owner)
            secrets[owner, default: []].append(
                Principal.Secret(id: row["id"], digest: digest, expiresAt: row["expires_at"])
            )
        }
        return try Row.fetchAll(database, sql: "SELECT * FROM principals").map { row in
            let clientID: String = row["client_id"]
            return Principal(
                tenant: row["tenant"],
                clientID: clientID,
                name: row["name"],
                secrets: secrets[clientID] ?? [],
                isDisabled: row["is_disabled"]
            )
        }
    }

    func issuer(_ row: Row) throws -> TrustedIssuer {
        let place = "\(row["tenant"] as String)/issuers/\(row["name"] as String)"
        var issuer = TrustedIssuer(
            tenant: row["tenant"],
            name: row["name"],
            issuers: try StoredJSON.strings(row["issuers"], place: place),
            audiences: try StoredJSON.strings(row["audiences"], place: place),
            directoryID: row["directory_id"],
            discoveryURL: row["discovery_url"],
            keysURL: row["keys_url"]
        )
        issuer.isNamedByTenant = row["is_named_by_tenant"]
        return issuer
    }

    func role(_ row: Row) throws -> RoleAssignment {
        let place = "\(row["tenant"] as String)/roles/\(row["name"] as String)"
        let proofs = try StoredJSON.strings(row["proofs"], place: place)
        guard let role = Role(rawValue: row["role"]),
            let subject = RoleAssignment.Subject(kind: row["subject_kind"], row["subject"])
        else { throw damaged(place) }
        // Typed: in a choice of two the compiler takes what may be NULL for text that never is.
        let issuer: String? = row["issuer"]
        return RoleAssignment(
            tenant: row["tenant"],
            name: row["name"],
            role: role,
            subject: subject,
            issuer: row["is_built_in"] ? RoleAssignment.builtInIssuer : issuer,
            endpoints: try names(row["endpoints"], place),
            proofs: Set(
                try proofs.map { text in
                    guard let proof = RoleAssignment.ClientProof(rawValue: text) else { throw damaged(place) }
                    return proof
                }
            )
        )
    }

    func webhook(_ row: Row) throws -> WebhookDefinition {
        let place = "\(row["tenant"] as String)/webhooks/\(row["name"] as String)"
        let headers = try secrets.open(row["headers"], place: "\(place)/headers")
        var webhook = WebhookDefinition(
            tenant: row["tenant"],
            name: row["name"],
            url: row["url"],
            events: try StoredJSON.strings(row["events"], place: place),
            headers: try StoredJSON.value([StoredJSON.Header].self, headers, place: place)
                .map { UpstreamHeader(name: $0.name, value: $0.value) }
        )
        webhook.isNamedByTenant = row["is_named_by_tenant"]
        return webhook
    }

    private func names(_ text: String?, _ place: String) throws -> [String]? {
        try text.map { try StoredJSON.strings($0, place: place) }
    }

    private func digest(_ bytes: Data, _ place: String) throws -> KeyDigest {
        guard let digest = KeyDigest(bytes: Array(bytes)) else { throw damaged(place) }
        return digest
    }

    /// Keys that were replaced and still open, by the label of an endpoint's key or the path of a named one.
    func retiredKeys() throws -> [String: [RetiredKey]] {
        var retired: [String: [RetiredKey]] = [:]
        let sql = "SELECT * FROM retired_keys ORDER BY valid_until, digest"
        for row in try Row.fetchAll(database, sql: sql) {
            let tenant: String = row["tenant"]
            let name: String? = row["name"]
            let endpoint: String? = row["endpoint"]
            let slot: String? = row["slot"]
            let place = name.map { NamedKey.path(tenant, $0) } ?? "\(tenant)/\(endpoint ?? "")#\(slot ?? "")"
            let key = RetiredKey(digest: try digest(row["digest"], place), validUntil: row["valid_until"])
            retired[place, default: []].append(key)
        }
        return retired
    }
}

extension RoleAssignment.Subject {
    /// How the database and problems name the kind.
    package var kind: String {
        switch self {
        case .subject: "subject"
        case .application: "application"
        case .group: "group"
        case .applicationRole: "applicationRole"
        case .scope: "scope"
        case .managedIdentity: "managedIdentity"
        }
    }

    package var text: String {
        switch self {
        case .subject(let text), .application(let text), .group(let text), .applicationRole(let text),
            .scope(let text), .managedIdentity(let text):
            text
        }
    }

    package init?(kind: String, _ text: String) {
        switch kind {
        case "subject": self = .subject(text)
        case "application": self = .application(text)
        case "group": self = .group(text)
        case "applicationRole": self = .applicationRole(text)
        case "scope": self = .scope(text)
        case "managedIdentity": self = .managedIdentity(text)
        default: return nil
        }
    }
}
