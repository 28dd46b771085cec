import GatewayAPI
import GatewayCore
import Yams

/// Reads a document of `kind: key`: a named key's terms; its secret is made by the gateway and never in a file.
enum KeyDocument {
    private static let known = [
        "kind", "tenant", "name", "endpoints", "forms", "expires_at", "allowed_networks", "rate_limits", "quotas",
        "queue_weight", "disabled",
    ]

    /// The key of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> NamedKeyResource? {
        let problems = log.problems.count
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        var key = NamedKeyResource(
            tenant: document.tenantName("tenant") ?? "",
            name: document.requiredString("name") ?? ""
        )
        key.endpoints = document.strings("endpoints")
        key.forms = document.words("forms", of: URLFormName.allCases.map(\.rawValue))
        key.expiresAt = document.time("expires_at")
        key.allowedNetworks = document.networks("allowed_networks")
        key.limits = document.limits("rate_limits")
        key.quotas = document.quotas("quotas")
        key.queueWeight = document.queueWeight("queue_weight")
        key.disabled = document.boolean("disabled")
        return log.problems.count == problems ? key : nil
    }
}
