import GatewayAPI
import GatewayCore
import Yams

/// Reads Azure ML's `managedOnlineEndpoint` document with our additions under `gatehouse`.
enum EndpointDocument {
    private static let known = [
        "$schema", "name", "description", "tags", "properties", "auth_mode", "identity", "traffic", "mirror_traffic",
        "public_network_access", "location", "kind", "id", "scoring_uri", "openapi_uri", "provisioning_state",
        "gatehouse",
    ]

    /// The endpoint of a document, with an empty tenant where the document names none; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> EndpointResource? {
        let problems = log.problems.count
        guard
            let document = YAMLMapping(
                node,
                file: file,
                known: known,
                notBuilt: ["mirror_traffic", "compute"],
                log: log
            )
        else { return nil }
        var endpoint = EndpointResource(tenant: "", name: document.endpointName("name") ?? "")
        endpoint.description = document.string("description") ?? ""
        endpoint.tags = document.stringMap("tags")
        endpoint.properties = document.stringMap("properties")
        endpoint.traffic = readTraffic(document)
        refuseWhatIsNotBuilt(document)
        if let ours = document.object(
            "gatehouse",
            known: ["tenant", "model_names", "hosts"],
            notBuilt: ["rate_limits", "quotas", "cors", "fallback", "capture", "public"]
        ) {
            endpoint.tenant = ours.tenantName("tenant") ?? ""
            endpoint.modelNames = ours.strings("model_names") ?? []
            endpoint.hosts = (ours.strings("hosts") ?? []).map { $0.lowercased() }
            check(endpoint, ours)
        }
        return log.problems.count == problems ? endpoint : nil
    }

    /// The server checks the sum too; here the message has a line.
    private static func readTraffic(_ document: YAMLMapping) -> [String: Int] {
        let traffic = document.integerMap("traffic")
        let sum = traffic.values.reduce(0, +)
        if sum != 100, sum != 0 {
            document.refuse(
                "traffic",
                "the weights sum to \(sum)",
                hint: "they must sum to 100, or all be 0 for no traffic"
            )
        }
        return traffic
    }

    private static func refuseWhatIsNotBuilt(_ document: YAMLMapping) {
        let mode = document.word("auth_mode", of: ["key", "aml_token", "aad_token"])
        if let mode, mode != "key" {
            document.refuse("auth_mode", "\(mode) is not built yet", hint: "use key")
        }
        if document.word("public_network_access", of: ["enabled", "disabled"]) == "disabled" {
            document.refuse("public_network_access", "disabled is not built yet", hint: "remove it")
        }
        let identity = document.object(
            "identity",
            known: ["type", "user_assigned_identities", "principal_id", "tenant_id"]
        )
        let kind = identity?.word(
            "type",
            of: ["system_assigned", "user_assigned", "system_assigned,user_assigned", "none"]
        )
        if let kind, kind.contains("user_assigned") {
            identity?.refuse("type", "\(kind) is not built yet", hint: "use system_assigned or none")
        }
        document.warn("location", "has no meaning here")
    }

    private static func check(_ endpoint: EndpointResource, _ ours: YAMLMapping) {
        for name in endpoint.modelNames where !Names.isModelName(name) {
            ours.refuse("model_names", "\(name.debugDescription) must be 1 to 256 visible ASCII characters")
        }
        for host in endpoint.hosts where !Names.isHost(host) {
            ours.refuse(
                "hosts",
                "\(host.debugDescription) is not a host name",
                hint: "write it without scheme and port"
            )
        }
    }
}

extension YAMLMapping {
    /// A required name by Azure's rule for endpoints and deployments.
    func endpointName(_ key: String) -> String? {
        guard let name = requiredString(key) else { return nil }
        if !Names.isEndpoint(name) {
            refuse(
                key,
                "\(name.debugDescription) is not a valid name",
                hint: "3 to 32 letters, digits and -, beginning with a letter, not ending in -"
            )
        }
        return name
    }

    func tenantName(_ key: String) -> String? {
        guard let name = string(key) else { return nil }
        if !Names.isTenant(name) {
            refuse(
                key,
                "\(name.debugDescription) is not a valid tenant",
                hint: "3 to 32 lower-case letters, digits and -, beginning with a letter, and not a reserved word"
            )
        }
        return name
    }
}
