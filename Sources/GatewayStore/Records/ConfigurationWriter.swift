import Foundation
import GRDB
import GatewayCore

/// Writes the difference between two states of the configuration, within the caller's transaction.
struct ConfigurationWriter {
    let database: Database
    let secrets: SecretBox

    func write(_ transaction: StoreTransaction, over before: StoreContents) throws {
        let old = before.definitions
        let new = transaction.definitions
        try delete(old, new)
        for tenant in new.tenants where !old.tenants.contains(tenant) {
            try run("INSERT INTO tenants (name) VALUES (?)", [tenant.name])
        }
        let models = Set(old.models.map(\.resource))
        for model in new.models where !models.contains(model.resource) { try insert(model) }
        let endpoints = Dictionary(old.endpoints.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let changed = new.endpoints.filter { endpoints[$0.path] != $0 }
        for endpoint in changed { try put(endpoint) }
        let deployments = Dictionary(old.deployments.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for deployment in new.deployments where deployments[deployment.path] != deployment { try put(deployment) }
        // All lists are emptied before any is filled: a host may move from one endpoint to another.
        for endpoint in changed { try empty(endpoint) }
        for endpoint in changed { try fill(endpoint) }
        try write(transaction.issued, new.keys)
        try write(transaction.certificates, over: before.certificates)
    }

    private func delete(_ old: Definitions, _ new: Definitions) throws {
        let tenants = Set(new.tenants.map(\.path))
        for tenant in old.tenants where !tenants.contains(tenant.path) {
            try run("DELETE FROM tenants WHERE name = ?", [tenant.name])
        }
        let endpoints = Set(new.endpoints.map(\.path))
        for endpoint in old.endpoints where !endpoints.contains(endpoint.path) {
            try run("DELETE FROM endpoints WHERE tenant = ? AND name = ?", [endpoint.tenant, endpoint.name])
        }
        let deployments = Set(new.deployments.map(\.path))
        for deployment in old.deployments where !deployments.contains(deployment.path) {
            try run(
                "DELETE FROM deployments WHERE tenant = ? AND endpoint = ? AND name = ?",
                [deployment.tenant, deployment.endpoint, deployment.name]
            )
        }
    }

    private func insert(_ model: ModelDefinition) throws {
        try run(
            "INSERT INTO models (tenant, name, version, path, sha256, size) VALUES (?, ?, ?, ?, ?, ?)",
            [model.tenant, model.name, model.version, model.path, model.sha256, model.size]
        )
    }

    private func put(_ endpoint: EndpointDefinition) throws {
        try run(
            """
            INSERT INTO endpoints (tenant, name, description, auth_mode, tags, properties) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, name) DO UPDATE SET description = excluded.description, auth_mode = excluded.auth_mode,
                tags = excluded.tags, properties = excluded.properties
            """,
            [
                endpoint.tenant, endpoint.name, endpoint.description, endpoint.authMode.rawValue,
                try StoredJSON.text(endpoint.tags), try StoredJSON.text(endpoint.properties),
            ]
        )
    }

    private func empty(_ endpoint: EndpointDefinition) throws {
        for table in ["traffic", "model_names", "hosts"] {
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
        let columns = try columns(of: deployment)
        let names = columns.map(\.0)
        let updates = names.dropFirst(3).map { "\($0) = excluded.\($0)" }
        try run(
            """
            INSERT INTO deployments (\(names.joined(separator: ", ")))
            VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (tenant, endpoint, name) DO UPDATE SET \(updates.joined(separator: ", "))
            """,
            StatementArguments(columns.map(\.1))
        )
    }

    /// Every column of the row; the three of the primary key first.
    private func columns(of deployment: DeploymentDefinition) throws -> [(String, (any DatabaseValueConvertible)?)] {
        let environment = try StoredJSON.text(deployment.environmentVariables)
        let shared: [(String, (any DatabaseValueConvertible)?)] = [
            ("tenant", deployment.tenant),
            ("endpoint", deployment.endpoint),
            ("name", deployment.name),
            ("description", deployment.description),
            ("timeout_ms", deployment.settings.timeoutMilliseconds),
            ("model_name", deployment.model?.name),
            ("model_version", deployment.model?.version),
            ("instance_type", deployment.instanceType),
            ("environment", try secrets.seal(environment, place: "\(deployment.path)/environment")),
            ("tags", try StoredJSON.text(deployment.tags)),
            ("properties", try StoredJSON.text(deployment.properties)),
        ]
        return shared + (try columns(of: deployment.serving, deployment.path))
    }

    private func columns(of serving: Serving, _ place: String) throws -> [(String, (any DatabaseValueConvertible)?)] {
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
            ("upstream_model", upstream?.model),
            ("headers", headers),
            ("certificate_authority", upstream?.certificateAuthority),
            ("engine", native?.engine),
            ("slots", native?.slots),
            ("context", native?.context),
            ("threads", native?.threads),
        ]
    }

    private func write(_ issued: [String: KeySecret], _ keys: [EndpointKey]) throws {
        for key in keys {
            guard let secret = issued[key.place] else { continue }
            try run(
                """
                INSERT INTO endpoint_keys (tenant, endpoint, slot, digest, sealed) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (tenant, endpoint, slot) DO UPDATE SET digest = excluded.digest, sealed = excluded.sealed
                """,
                [
                    key.tenant, key.endpoint, key.slot.rawValue, Data(key.digest.bytes),
                    try secrets.seal(secret.text, place: key.place),
                ]
            )
        }
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

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.execute(sql: sql, arguments: arguments)
    }
}
