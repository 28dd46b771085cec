import Foundation
import GRDB
import GatewayCore

/// Writes the difference between two states of the configuration, within the caller's transaction.
struct ConfigurationWriter {
    let database: Database
    let secrets: SecretBox

    /// - Parameter keys: what differs of the keys.
    func write(_ transaction: StoreTransaction, _ keys: KeyDifference, over before: StoreContents) throws {
        let old = before.definitions
        let new = transaction.definitions
        try delete(old, new)
        for tenant in Self.changed(old.tenants, new.tenants, path: \.path) { try put(tenant) }
        let models = Set(old.models.map(\.resource))
        for model in new.models where !models.contains(model.resource) { try insert(model) }
        let endpoints = Self.changed(old.endpoints, new.endpoints, path: \.path)
        for endpoint in endpoints { try put(endpoint) }
        let deployments = Self.changed(old.deployments, new.deployments, path: \.path)
        for deployment in deployments { try put(deployment) }
        try forgetFailures(of: deployments, over: old, besides: transaction.azure)
        // All lists are emptied before any is filled: a host may move from one endpoint to another.
        for endpoint in endpoints { try empty(endpoint) }
        for endpoint in endpoints { try fill(endpoint) }
        try writeStickyBuckets(old, new)
        try writeDeploymentSecrets(old, new)
        try writeAccess(transaction, keys, over: old)
        try write(transaction.certificates, over: before.certificates)
        try write(transaction.azure, at: transaction.now)
    }

    /// What is new, and what is not as it was.
    static func changed<Definition: Equatable>(
        _ old: [Definition],
        _ new: [Definition],
        path: KeyPath<Definition, String>
    ) -> [Definition] {
        let before = Dictionary(old.map { ($0[keyPath: path], $0) }, uniquingKeysWith: { first, _ in first })
        return new.filter { before[$0[keyPath: path]] != $0 }
    }

    /// What was there and is no more.
    static func gone<Definition>(
        _ old: [Definition],
        _ new: [Definition],
        path: KeyPath<Definition, String>
    ) -> [Definition] {
        let kept = Set(new.map { $0[keyPath: path] })
        return old.filter { !kept.contains($0[keyPath: path]) }
    }

    private func delete(_ old: Definitions, _ new: Definitions) throws {
        for tenant in Self.gone(old.tenants, new.tenants, path: \.path) {
            try run("DELETE FROM tenants WHERE name = ?", [tenant.name])
        }
        for endpoint in Self.gone(old.endpoints, new.endpoints, path: \.path) {
            try run("DELETE FROM endpoints WHERE tenant = ? AND name = ?", [endpoint.tenant, endpoint.name])
        }
        for deployment in Self.gone(old.deployments, new.deployments, path: \.path) {
            try run(
                "DELETE FROM deployments WHERE tenant = ? AND endpoint = ? AND name = ?",
                [deployment.tenant, deployment.endpoint, deployment.name]
            )
        }
        for model in Self.gone(old.models, new.models, path: \.resource) {
            try run(
                "DELETE FROM models WHERE tenant = ? AND name = ? AND version = ?",
                [model.tenant, model.name, model.version]
            )
        }
    }

    private func insert(_ model: ModelDefinition) throws {
        try run(
            "INSERT INTO models (tenant, name, version, path, sha256, size, source) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [model.tenant, model.name, model.version, model.path, model.sha256, model.size, model.source]
        )
    }

    private func empty(_ endpoint: EndpointDefinition) throws {
        for table in ["mirrors", "traffic", "model_names", "hosts"] {
            try run("DELETE FROM \(table) WHERE tenant = ? AND endpoint = ?", [endpoint.tenant, endpoint.name])
        }
    }

    private func fill(_ endpoint: EndpointDefinition) throws {
        for (deployment, weight) in endpoint.traffic {
            try run(
                "INSERT INTO traffic (tenant, endpoint, deployment, weight) VALUES (?, ?, ?, ?)",
                [endpoint.tenant, endpoint.name, deployment, weight]
            )
        }
        for (deployment, percent) in endpoint.mirrorTraffic {
            try run(
                "INSERT INTO mirrors (tenant, endpoint, deployment, percent) VALUES (?, ?, ?, ?)",
                [endpoint.tenant, endpoint.name, deployment, percent]
            )
        }
        for (position, name) in endpoint.modelNames.enumerated() {
            try run(
                "INSERT INTO model_names (tenant, endpoint, name, position) VALUES (?, ?, ?, ?)",
                [endpoint.tenant, endpoint.name, name, position]
            )
        }
        for (position, host) in endpoint.hosts.enumerated() {
            try run(
                "INSERT INTO hosts (tenant, endpoint, host, position) VALUES (?, ?, ?, ?)",
                [endpoint.tenant, endpoint.name, host, position]
            )
        }
    }

    private func put(_ deployment: DeploymentDefinition) throws {
        try upsert("deployments", keys: 3, try columns(of: deployment))
    }

    /// Every column of the row; the three of the primary key first.
    private func columns(of deployment: DeploymentDefinition) throws -> [Column] {
        let environment = try StoredJSON.text(deployment.environmentVariables)
        let rules = try StoredJSON.columns(of: deployment.rules)
        let shared: [Column] = [
            ("tenant", deployment.tenant),
            ("endpoint", deployment.endpoint),
            ("name", deployment.name),
            ("description", deployment.description),
            ("timeout_ms", deployment.settings.timeoutMilliseconds),
            ("max_concurrent", deployment.settings.maxConcurrent),
            ("queue_wait_ms", deployment.settings.queueWaitMilliseconds),
            ("liveness_probe", try StoredJSON.text(deployment.liveness)),
            ("readiness_probe", try StoredJSON.text(deployment.readiness)),
            ("model_name", deployment.model?.name),
            ("model_version", deployment.model?.version),
            ("instance_type", deployment.instanceType),
            ("environment", try secrets.seal(environment, place: "\(deployment.path)/environment")),
            ("tags", try StoredJSON.text(deployment.tags)),
            ("properties", try StoredJSON.text(deployment.properties)),
            ("limits", rules.limits),
            ("quotas", rules.quotas),
            ("input_price", deployment.price?.perThousandInputTokens),
            ("output_price", deployment.price?.perThousandOutputTokens),
            ("request_price", deployment.price?.perRequest),
            ("is_egress_private", deployment.isEgressPrivate),
            ("capture", try StoredJSON.capture(deployment.capture)),
        ]
        return shared + (try columns(of: deployment.serving, deployment.path))
    }

    private func columns(of serving: Serving, _ place: String) throws -> [Column] {
        var upstream: UpstreamDefinition?
        var native: NativeDefinition?
        switch serving {
        case .upstream(let definition): upstream = definition
        case .native(let definition): native = definition
        }
        let headers = try upstream.map { upstream in
            let stored = upstream.headers.map { StoredJSON.Header(name: $0.name, value: $0.value) }
            return try secrets.seal(try StoredJSON.text(stored), place: "\(place)/headers")
        }
        return [
            ("kind", upstream == nil ? "native" : "upstream"),
            ("urls", try upstream.map { try StoredJSON.text($0.urls) }),
            ("tenant_urls", try StoredJSON.list(upstream?.tenantURLs ?? [])),
            ("upstream_model", upstream?.model),
            ("headers", headers),
            ("certificate_authority", upstream?.certificateAuthority),
            ("liveness_path", upstream?.probe.liveness),
            ("readiness_path", upstream?.probe.readiness),
            ("path_rewrite", try StoredJSON.path(upstream?.path)),
            ("removed_headers", try StoredJSON.list(upstream?.removedHeaders ?? [])),
            ("engine", native?.engine),
            ("slots", native?.slots),
            ("context", native?.context),
            ("threads", native?.threads),
            ("min_instances", native?.scale.least),
            ("max_instances", native?.scale.most),
            ("idle_seconds", native?.scale.idleSeconds),
            ("target_requests", native?.scale.targetRequests),
            ("start_seconds", native?.startSeconds),
            ("memory_mb", native?.memoryMegabytes),
        ]
    }

    private func write(_ certificates: [StoredCertificate], over old: [StoredCertificate]) throws {
        let hosts = Set(certificates.map(\.host))
        for certificate in old where !hosts.contains(certificate.host) {
            try run("DELETE FROM certificates WHERE host = ?", [certificate.host])
        }
        for certificate in certificates where !old.contains(certificate) {
            try run(
                """
                INSERT INTO certificates (host, certificate, key) VALUES (?, ?, ?)
                ON CONFLICT (host) DO UPDATE SET certificate = excluded.certificate, key = excluded.key
                """,
                [certificate.host, certificate.certificate, certificate.key]
            )
        }
    }

    /// The name of a column and its value.
    typealias Column = (String, (any DatabaseValueConvertible)?)

    /// Replaces the row with the same first `keys` columns, or adds one.
    func upsert(_ table: String, keys: Int, _ columns: [Column]) throws {
        let names = columns.map(\.0)
        let updates = names.dropFirst(keys).map { "\($0) = excluded.\($0)" }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO \(table) (\(names.joined(separator: ", ")))
                VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))
                ON CONFLICT (\(names.prefix(keys).joined(separator: ", ")))
                DO UPDATE SET \(updates.joined(separator: ", "))
                """
        )
        try statement.execute(arguments: StatementArguments(columns.map(\.1)))
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.execute(sql: sql, arguments: arguments)
    }
}
