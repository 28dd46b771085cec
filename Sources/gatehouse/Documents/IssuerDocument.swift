import GatewayAPI
import Yams

/// Reads a document of `kind: issuer`: somebody else's issuer whose tokens a tenant trusts.
enum IssuerDocument {
    private static let known = [
        "kind", "tenant", "name", "issuers", "audiences", "directory_id", "discovery_url", "keys_url",
    ]

    /// The issuer of a document; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> IssuerResource? {
        let problems = log.problems.count
        guard let document = YAMLMapping(node, file: file, known: known, log: log) else { return nil }
        let issuer = IssuerResource(
            tenant: document.tenantName("tenant") ?? "",
            name: document.requiredString("name") ?? "",
            issuers: document.requiredStrings("issuers", hint: "list the exact values of iss"),
            audiences: document.requiredStrings("audiences", hint: "list the exact values of aud"),
            directoryId: document.string("directory_id"),
            discoveryUrl: document.string("discovery_url"),
            keysUrl: document.string("keys_url")
        )
        if issuer.discoveryUrl == nil, issuer.keysUrl == nil {
            let hint = "add discovery_url (…/.well-known/openid-configuration) or keys_url"
            document.refuse("discovery_url", "nothing says where the issuer's keys are", hint: hint)
        }
        for (key, url) in [("discovery_url", issuer.discoveryUrl), ("keys_url", issuer.keysUrl)] {
            guard let url, !url.hasPrefix("https://"), !url.hasPrefix("http://") else { continue }
            document.refuse(key, "\(url.debugDescription) is not a URL", hint: "write https://…")
        }
        return log.problems.count == problems ? issuer : nil
    }
}

extension YAMLMapping {
    /// A list with one text or more.
    func requiredStrings(_ key: String, hint: String) -> [String] {
        guard self[key] != nil else {
            refuse(key, "is required", hint: hint)
            return []
        }
        let texts = strings(key)
        if texts?.isEmpty == true { refuse(key, "is empty", hint: hint) }
        return texts ?? []
    }
}
