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
                notBuilt: ["compute"],
                log: log
            )
        else { return nil }
        var endpoint = EndpointResource(tenant: "", name: document.endpointName("name") ?? "")
        endpoint.description = document.string("description") ?? ""
        endpoint.tags = document.stringMap("tags")
        endpoint.properties = document.stringMap("properties")
        endpoint.traffic = readTraffic(document)
        endpoint.mirrorTraffic = readMirrors(document, traffic: endpoint.traffic)
        refuseWhatIsNotBuilt(document)
        if document.word("public_network_access", of: ["enabled", "disabled"]) == "disabled" {
            endpoint.publicNetworkAccess = "disabled"
        }
        let mode = document.word("auth_mode", of: AuthModes.all)
        endpoint.authModes = [mode ?? "key"]
        if let ours = document.object("gatehouse", known: additions + routingKeys) {
            readAdditions(ours, mode: mode, into: &endpoint)
            check(endpoint, ours)
        }
        if endpoint.authModes.contains("none"), !endpoint.public {
            let hint = "add gatehouse.public: true if calls without a credential are meant"
            document.refuse("auth_mode", "none opens the endpoint to everybody", hint: hint)
        }
        return log.problems.count == problems ? endpoint : nil
    }

    private static let additions = [
        "tenant", "model_names", "hosts", "public", "auth_modes", "rate_limits", "quotas", "cors", "allowed_networks",
        "key_rotation", "fallback", "capture",
    ]

    private static func readAdditions(_ ours: YAMLMapping, mode: String?, into endpoint: inout EndpointResource) {
        endpoint.tenant = ours.tenantName("tenant") ?? ""
        endpoint.modelNames = ours.strings("model_names") ?? []
        endpoint.hosts = (ours.strings("hosts") ?? []).map { $0.lowercased() }
        endpoint.public = ours.boolean("public") ?? false
        readAuthModes(ours, mode: mode, into: &endpoint)
        endpoint.limits = ours.limits("rate_limits")
        endpoint.quotas = ours.quotas("quotas")
        endpoint.cors = ours.cors("cors")
        readRouting(ours, into: &endpoint)
        endpoint.allowedNetworks = ours.networks("allowed_networks")
        endpoint.fallback = ours.fallback("fallback")
        endpoint.capture = ours.capture("capture")
        guard let rotation = ours.object("key_rotation", known: ["every", "overlap"]) else { return }
        guard let every = rotation.seconds("every", in: RotationRule.range) else {
            if rotation["every"] == nil { rotation.refuse("every", "is required", hint: "write every: 30d") }
            return
        }
        let overlap = rotation.seconds("overlap", in: 0...every)
        endpoint.keyRotation = KeyRotationResource(every: every, overlap: overlap ?? min(every, 86_400))
    }

    /// Azure's `auth_mode` has one word; `auth_modes` has all of them, that one too when it is written.
    private static func readAuthModes(_ ours: YAMLMapping, mode: String?, into endpoint: inout EndpointResource) {
        guard let words = ours.words("auth_modes", of: AuthModes.all) else { return }
        if words.isEmpty { ours.refuse("auth_modes", "is empty", hint: "list key, aad_token or aml_token") }
        if words.contains("none"), words.count > 1 {
            ours.refuse("auth_modes", "none stands beside other modes", hint: "keep none alone")
        }
        if let mode, !words.contains(mode) {
            ours.refuse("auth_modes", "\(mode) is missing, which auth_mode names", hint: "add it, or change auth_mode")
        }
        endpoint.authModes = words
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
