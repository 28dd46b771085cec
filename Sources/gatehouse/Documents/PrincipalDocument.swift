import GatewayAPI
import Yams

/// Reads a document of `kind: principal`; its secret is made by the gateway and never in a file.
enum PrincipalDocument {
    /// The principal of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> PrincipalResource? {
        let problems = log.problems.count
        let known = ["kind", "tenant", "name", "client_id", "disabled"]
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        let principal = PrincipalResource(
            tenant: document.tenantName("tenant") ?? "",
            name: document.requiredString("name") ?? "",
            clientId: document.string("client_id")?.lowercased(),
            disabled: document.boolean("disabled")
        )
        if let id = principal.clientId, !isUUID(id) {
            document.refuse("client_id", "\(id) is not a UUID", hint: "leave it out to have one chosen")
        }
        return log.problems.count == problems ? principal : nil
    }

    /// Lower case, with its four dashes.
    private static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }
}
