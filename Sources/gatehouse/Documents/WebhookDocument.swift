import GatewayAPI
import GatewayStore
import Yams

/// Reads a document of `kind: webhook`; its signing secret is made by the gateway and never in a file.
enum WebhookDocument {
    /// The webhook of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> WebhookResource? {
        let problems = log.problems.count
        let known = ["kind", "tenant", "name", "url", "events", "headers"]
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        let kinds = WebhookEvent.Kind.allCases.filter { $0 != .test }.map(\.rawValue)
        let webhook = WebhookResource(
            tenant: document.tenantName("tenant") ?? "",
            name: document.requiredString("name") ?? "",
            url: document.requiredString("url") ?? "",
            events: document.words("events", of: kinds) ?? [],
            headers: document.stringMap("headers")
        )
        if !webhook.url.isEmpty, !webhook.url.hasPrefix("https://"), !webhook.url.hasPrefix("http://") {
            document.refuse("url", "\(webhook.url.debugDescription) is not a URL", hint: "write https://…")
        }
        return log.problems.count == problems ? webhook : nil
    }
}
