import Foundation
import GRDB
import GatewayCore

/// Reads every definition from the database, field by field.
struct ConfigurationReader {
    let database: Database
    let secrets: SecretBox

    func definitions() throws -> Definitions {
        let buckets = try stickyBuckets()
        let retired = try retiredKeys()
        var definitions = Definitions(
            tenants: try Row.fetchAll(database, sql: "SELECT * FROM tenants").map(tenant),
            endpoints: try endpoints(),
            deployments: try Row.fetchAll(database, sql: "SELECT * FROM deployments").map(deployment),
            models: try Row.fetchAll(database, sql: "SELECT * FROM models ORDER BY id").map(model),
            keys: try Row.fetchAll(database, sql: "SELECT * FROM endpoint_keys").map { try key($0, retired) },
            namedKeys: try namedKeys(retired),
            principals: try principals(),
            issuers: try Row.fetchAll(database, sql: "SELECT * FROM issuers").map(issuer),
            roles: try Row.fetchAll(database, sql: "SELECT * FROM roles").map(role),
            webhooks: try Row.fetchAll(database, sql: "SELECT * FROM webhooks").map(webhook),
            operators: try operators()
        )
        definitions.secrets = try deploymentSecrets()
        return definitions.sorted.assigned(after: buckets)
    }

    func certificates() throws -> [StoredCertificate] {
        try Row.fetchAll(database, sql: "SELECT host, certificate, key FROM certificates ORDER BY host").map { row in
            StoredCertificate(host: row["host"], certificate: row["certificate"], key: row["key"])
        }
    }

    private func endpoints() throws -> [EndpointDefinition] {
        var traffic: [String: [String: Int]] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM traffic") {
            traffic[owner(row), default: [:]][row["deployment"]] = row["weight"]
        }
        let mirrors = try mirrors()
        let modelNames = try lists("SELECT tenant, endpoint, name FROM model_names ORDER BY position")
        let hosts = try lists("SELECT tenant, endpoint, host AS name FROM hosts ORDER BY position")
        return try Row.fetchAll(database, sql: "SELECT * FROM endpoints").map { row in
            var endpoint = EndpointDefinition(tenant: row["tenant"], name: row["name"], description: row["description"])
            readAccess(of: &endpoint, row)
            endpoint.traffic = traffic[endpoint.path] ?? [:]
            endpoint.modelNames = modelNames[endpoint.path] ?? []
            endpoint.hosts = hosts[endpoint.path] ?? []
            endpoint.tags = try StoredJSON.value([String: String].self, row["tags"], place: endpoint.path)
            endpoint.properties = try StoredJSON.value([String: String].self, row["properties"], place: endpoint.path)
            endpoint.rules = try rules(row, endpoint.path)
            endpoint.cors = try StoredJSON.cors(row["cors"], place: endpoint.path)
            endpoint.fallback = try StoredJSON.fallback(row["fallback"], place: endpoint.path)
            endpoint.mirrorTraffic = mirrors[endpoint.path] ?? [:]
            endpoint.routing = try StoredJSON.routing(row["routing"], place: endpoint.path)
            endpoint.capture = try StoredJSON.capture(row["capture"], place: endpoint.path)
            endpoint.allowedNetworks = try StoredJSON.strings(row["allowed_networks"], place: endpoint.path)
            return endpoint
        }
    }

    private func mirrors() throws -> [String: [String: Int]] {
        var mirrors: [String: [String: Int]] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM mirrors") {
            mirrors[owner(row), default: [:]][row["deployment"]] = row["percent"]
        }
        return mirrors
    }

    private func lists(_ sql: String) throws -> [String: [String]] {
        var lists: [String: [String]] = [:]
        for row in try Row.fetchAll(database, sql: sql) { lists[owner(row), default: []].append(row["name"]) }
        return lists
    }

    private func deployment(_ row: Row) throws -> DeploymentDefinition {
        var deployment = DeploymentDefinition(
            tenant: row["tenant"],
            endpoint: row["endpoint"],
            name: row["name"],
            description: row["description"],
            serving: .native(NativeDefinition()),
            settings: RequestSettings(
                timeoutMilliseconds: row["timeout_ms"],
                maxConcurrent: row["max_concurrent"],
                queueWaitMilliseconds: row["queue_wait_ms"]
            ),
            instanceType: row["instance_type"]
        )
        let place = deployment.path
        deployment.serving = try serving(row, place)
        if let name: String = row["model_name"] {
            deployment.model = ModelReference(name: name, version: row["model_version"])
        }
        let environment = try secrets.open(row["environment"], place: "\(place)/environment")
        deployment.environmentVariables = try StoredJSON.value([String: String].self, environment, place: place)
        deployment.tags = try StoredJSON.value([String: String].self, row["tags"], place: place)
        deployment.properties = try StoredJSON.value([String: String].self, row["properties"], place: place)
        deployment.rules = try rules(row, place)
        deployment.liveness = try StoredJSON.probe(row["liveness_probe"], place: place)
        deployment.readiness = try StoredJSON.probe(row["readiness_probe"], place: place)
        deployment.isEgressPrivate = row["is_egress_private"]
        deployment.capture = try StoredJSON.capture(row["capture"], place: place)
        if let input: Int64 = row["input_price"] {
            deployment.price = Price(
                perThousandInputTokens: input,
                perThousandOutputTokens: row["output_price"],
                perRequest: row["request_price"]
            )
        }
        return deployment
    }

    private func serving(_ row: Row, _ place: String) throws -> Serving {
        let kind: String = row["kind"]
        guard kind == "upstream" else { return .native(native(row)) }
        let headers = try secrets.open(row["headers"], place: "\(place)/headers")
        var upstream = UpstreamDefinition(
            urls: try StoredJSON.value([String].self, row["urls"], place: place),
            model: row["upstream_model"],
            headers: try StoredJSON.value([StoredJSON.Header].self, headers, place: place)
                .map { UpstreamHeader(name: $0.name, value: $0.value) },
            certificateAuthority: row["certificate_authority"],
            probe: ProbePaths(liveness: row["liveness_path"], readiness: row["readiness_path"]),
            path: try StoredJSON.path(row["path_rewrite"], place: place),
            removedHeaders: try StoredJSON.strings(row["removed_headers"], place: place)
        )
        upstream.tenantURLs = try StoredJSON.strings(row["tenant_urls"], place: place)
        return .upstream(upstream)
    }

    private func native(_ row: Row) -> NativeDefinition {
        var native = NativeDefinition(
            engine: row["engine"],
            slots: row["slots"],
            context: row["context"],
            threads: row["threads"]
        )
        native.scale = InstanceScale(
            least: row["min_instances"],
            most: row["max_instances"],
            idleSeconds: row["idle_seconds"],
            targetRequests: row["target_requests"]
        )
        native.startSeconds = row["start_seconds"]
        native.memoryMegabytes = row["memory_mb"]
        return native
    }

    private func model(_ row: Row) -> ModelDefinition {
        ModelDefinition(
            tenant: row["tenant"],
            name: row["name"],
            version: row["version"],
            path: row["path"],
            sha256: row["sha256"],
            size: row["size"],
            source: row["source"]
        )
    }

    /// `tenant/endpoint`.
    func owner(_ row: Row) -> String {
        let tenant: String = row["tenant"]
        let endpoint: String = row["endpoint"]
        return "\(tenant)/\(endpoint)"
    }

    func rules(_ row: Row, _ place: String) throws -> UsageRules {
        try StoredJSON.rules(limits: row["limits"], quotas: row["quotas"], place: place)
    }

    func damaged(_ place: String) -> StoreError { .unavailable("\(place) is damaged in the database") }
}
