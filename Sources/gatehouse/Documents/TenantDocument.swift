import GatewayAPI
import Yams

/// Reads a document of `kind: tenant`.
enum TenantDocument {
    private static let known = [
        "kind", "name", "suspended", "subscription", "resource_group", "rate_limits", "quotas", "cors",
        "queue_weight",
    ]

    /// The tenant of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> TenantResource? {
        let problems = log.problems.count
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        if document["name"] == nil { document.refuse("name", "is required") }
        let tenant = TenantResource(
            name: document.tenantName("name") ?? "",
            suspended: document.boolean("suspended"),
            subscription: document.string("subscription"),
            resourceGroup: document.string("resource_group"),
            limits: document.limits("rate_limits"),
            quotas: document.quotas("quotas"),
            cors: document.cors("cors"),
            queueWeight: document.queueWeight("queue_weight")
        )
        return log.problems.count == problems ? tenant : nil
    }
}
