import GatewayAPI

extension NamedKeyResource: TableRow {
    static var headings: [String] {
        ["key", "opens", "forms", "expires", "networks", "limits", "queue weight", "state", "last used", "secret"]
    }
    var cells: [String] {
        let rules = limits.map(\.text) + quotas.map(\.text)
        let overlap = previousValidUntil.map { ", the one before opens until \($0)" } ?? ""
        return [
            "\(tenant)/\(name)", endpoints?.joined(separator: " ") ?? "all endpoints",
            forms?.joined(separator: " ") ?? "all",
            expiresAt ?? "never", allowedNetworks.isEmpty ? "everywhere" : allowedNetworks.joined(separator: " "),
            rules.joined(separator: ", "), String(queueWeight), (disabled == true ? "disabled" : "enabled") + overlap,
            lastUsedAt ?? "never", key ?? "",
        ]
    }
}

extension PrincipalResource: TableRow {
    static var headings: [String] { ["principal", "client id", "state", "secrets"] }
    var cells: [String] {
        let secrets = (secrets ?? []).map { secret in
            "\(secret.id ?? "")\(secret.secret.map { "=\($0)" } ?? "") until \(secret.expiresAt ?? "removed")"
        }
        return [
            "\(tenant)/\(name)", clientId ?? "", disabled == true ? "disabled" : "enabled",
            secrets.joined(separator: ", "),
        ]
    }
}

extension PrincipalSecretResource: TableRow {
    static var headings: [String] { ["secret id", "expires", "secret"] }
    var cells: [String] { [id ?? "", expiresAt ?? "never", secret ?? ""] }
}

extension IssuerResource: TableRow {
    static var headings: [String] { ["issuer", "iss", "audiences", "directory", "keys"] }
    var cells: [String] {
        [
            "\(tenant)/\(name)", issuers.joined(separator: " "), audiences.joined(separator: " "), directoryId ?? "",
            keysUrl ?? discoveryUrl ?? "",
        ]
    }
}

extension RoleResource: TableRow {
    static var headings: [String] { ["assignment", "role", "of", "issuer", "endpoints", "proofs"] }
    var cells: [String] {
        let holders = [
            ("subject", subject), ("application", application), ("group", group), ("application role", applicationRole),
            ("scope", scope), ("managed identity", managedIdentity),
        ].compactMap { kind, value in value.map { "\(kind) \($0)" } }
        return [
            "\(tenant)/\(name)", role, holders.joined(separator: " "), issuer ?? "any",
            endpoints?.joined(separator: " ") ?? "all endpoints",
            proofs.isEmpty ? "any" : proofs.joined(separator: " "),
        ]
    }
}

extension WebhookResource: TableRow {
    static var headings: [String] { ["webhook", "url", "events", "headers", "secret"] }
    var cells: [String] {
        [
            "\(tenant)/\(name)", url, events.isEmpty ? "all" : events.joined(separator: " "),
            headers.keys.sorted().joined(separator: " "), secret ?? "",
        ]
    }
}

extension WebhookDeliveryResource: TableRow {
    static var headings: [String] { ["at", "event", "type", "state", "tries", "status", "error", "next try"] }
    var cells: [String] {
        [
            createdAt, event, type, state, String(tries), lastStatus.map(String.init) ?? "", lastError ?? "",
            nextTryAt ?? "",
        ]
    }
}

extension WebhookTestResource: TableRow {
    static var headings: [String] { ["delivered", "status", "milliseconds", "error"] }
    var cells: [String] {
        [delivered ? "yes" : "no", status.map(String.init) ?? "none", String(milliseconds), error ?? ""]
    }
}
