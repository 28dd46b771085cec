import GatewayAPI

extension OperatorResource: TableRow {
    static var headings: [String] { ["operator", "role", "tenant", "state", "password", "tokens"] }
    var cells: [String] {
        let tokens = (tokens ?? []).map { token in
            "\(token.id ?? "")\(token.session == true ? " (session)" : "") until \(token.expiresAt ?? "revoked")"
        }
        return [
            name, role, tenant ?? "all", disabled == true ? "disabled" : "enabled", hasPassword == true ? "yes" : "no",
            tokens.joined(separator: ", "),
        ]
    }
}

extension OperatorTokenResource: TableRow {
    static var headings: [String] { ["token id", "expires", "token"] }
    var cells: [String] { [id ?? "", expiresAt ?? "never", token ?? ""] }
}

extension IdentityResource: TableRow {
    static var headings: [String] { ["operator", "roles"] }
    var cells: [String] {
        [name, grants.map { "\($0.role) of \($0.tenant ?? "all tenants")" }.joined(separator: ", ")]
    }
}

extension AuditEntryResource: TableRow {
    static var headings: [String] { ["number", "time", "operator", "from", "action", "kind", "resource", "fields"] }
    var cells: [String] {
        [
            String(number), time, `operator`, address, action, kind, resource, fields.joined(separator: ", "),
        ]
    }
}

extension AuditVerdictResource: TableRow {
    static var headings: [String] { ["good", "entries", "first bad", "reason", "head"] }
    var cells: [String] {
        [good ? "yes" : "no", String(entries), firstBad.map(String.init) ?? "", reason ?? "", head ?? ""]
    }
}

extension OperationResource: TableRow {
    static var headings: [String] { ["operation", "resource", "status", "began", "ended", "last step"] }
    var cells: [String] {
        [
            id, resource, status, startTime, endTime ?? "",
            steps.last.map { "\($0.elapsed) | \($0.text)" } ?? "",
        ]
    }
}

extension OperationResource.Step: TableRow {
    static var headings: [String] { ["elapsed", "step"] }
    var cells: [String] { [elapsed, text] }
}

/// A context as it is listed: without its token.
struct ContextRow: Codable, TableRow {
    static let headings = ["context", "in use", "server", "ca", "token"]
    let name: String
    let isUsed: Bool
    let server: String
    let ca: String?
    let hasToken: Bool

    init(_ context: Context, isUsed: Bool) {
        name = context.name
        self.isUsed = isUsed
        server = context.server
        ca = context.ca
        hasToken = context.token != nil
    }

    var cells: [String] { [name, isUsed ? "yes" : "", server, ca ?? "the system's", hasToken ? "yes" : "no"] }
}
