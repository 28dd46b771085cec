import GatewayAPI
import GatewayCore
import Yams

/// Reads a document of `kind: role`: which tokens may do what.
enum RoleDocument {
    private static let subjects = [
        "subject", "application", "group", "application_role", "scope", "managed_identity",
    ]

    /// The role assignment of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> RoleResource? {
        let problems = log.problems.count
        let known = ["kind", "tenant", "name", "role", "issuer", "endpoints", "proofs"] + subjects
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        if document["role"] == nil { document.refuse("role", "is required", hint: "write role: invoke") }
        var role = RoleResource(
            tenant: document.tenantName("tenant") ?? "",
            name: document.requiredString("name") ?? "",
            role: document.word("role", of: Role.allCases.map(\.rawValue)) ?? ""
        )
        role.subject = document.string("subject")
        role.application = document.string("application")
        role.group = document.string("group")
        role.applicationRole = document.string("application_role")
        role.scope = document.string("scope")
        role.managedIdentity = document.string("managed_identity")
        let given = subjects.filter { document[$0] != nil }
        if given.count != 1 {
            let message = given.isEmpty ? "nothing says whose role it is" : "stands beside \(given[0])"
            let hint = "keep exactly one of \(subjects.joined(separator: ", "))"
            document.refuse(given.count > 1 ? given[1] : "subject", message, hint: hint)
        }
        role.issuer = document.string("issuer")
        role.endpoints = document.strings("endpoints")
        if role.endpoints != nil, Role(rawValue: role.role)?.isOperators == true {
            document.refuse(
                "endpoints",
                "the role \(role.role) is for the whole tenant",
                hint: "leave the endpoints out"
            )
        }
        role.proofs = document.words("proofs", of: ["public", "secret", "certificate"]) ?? []
        return log.problems.count == problems ? role : nil
    }
}
