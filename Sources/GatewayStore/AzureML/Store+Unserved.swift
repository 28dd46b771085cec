import GRDB
import GatewayCore

/// A deployment that a client of Azure's dialect made and that nothing serves: no part of the configuration, kept with the
/// reason until it is deleted or made again.
package struct UnservedDeployment: Sendable, Equatable {
    package let tenant: String
    package let endpoint: String
    package let name: String
    /// What the client sent: a JSON object.
    package let body: String
    /// Why nothing serves it.
    package let failure: String
}

extension Store {
    /// Those of one endpoint, by name.
    package func unservedDeployments(
        of tenant: String,
        _ endpoint: String
    ) async throws(StoreError) -> [UnservedDeployment] {
        try await read { [secrets] database in
            try Row.fetchAll(database, sql: Self.unserved + " ORDER BY name", arguments: [tenant, endpoint])
                .map { try UnservedDeployment($0, secrets) }
        }
    }

    /// `nil` for one that is served, and for none.
    package func unservedDeployment(
        _ tenant: String,
        _ endpoint: String,
        _ name: String
    ) async throws(StoreError) -> UnservedDeployment? {
        try await read { [secrets] database in
            let arguments: StatementArguments = [tenant, endpoint, name]
            return try Row.fetchOne(database, sql: Self.unserved + " AND name = ?", arguments: arguments)
                .map { try UnservedDeployment($0, secrets) }
        }
    }

    /// Refuses an endpoint that names a deployment which nothing serves, with the reason: that there is none would be
    /// confusing to whoever sees it in the list.
    func requireServed(_ before: Definitions, _ after: Definitions, in database: Database) throws {
        let changed = ConfigurationWriter.changed(before.endpoints, after.endpoints, path: \.path)
        guard !changed.isEmpty else { return }
        let served = Set(after.deployments.map(\.path))
        var problems: [Problem] = []
        for endpoint in changed {
            for (field, name) in endpoint.namedDeployments where !served.contains("\(endpoint.path)/\(name)") {
                let arguments: StatementArguments = [endpoint.tenant, endpoint.name, name]
                let row = try Row.fetchOne(database, sql: Self.unserved + " AND name = ?", arguments: arguments)
                guard let row else { continue }
                let reason: String = row["failure"] ?? ""
                let message = "\(field) names the deployment \(name), which is Failed: \(reason)"
                problems.append(Problem(.unknownDeployment, endpoint.path, field: field, message))
            }
        }
        guard problems.isEmpty else { throw StoreError.invalid(problems) }
    }

    private static let unserved = """
        SELECT * FROM azure_deployments AS kept WHERE tenant = ? AND endpoint = ? AND NOT EXISTS (
            SELECT 1 FROM deployments AS served
            WHERE served.tenant = kept.tenant AND served.endpoint = kept.endpoint AND served.name = kept.name)
        """
}

extension UnservedDeployment {
    fileprivate init(_ row: Row, _ secrets: SecretBox) throws {
        let name = AzureWrite.DeploymentName(
            tenant: row["tenant"],
            endpoint: row["endpoint"],
            deployment: row["name"]
        )
        self.init(
            tenant: name.tenant,
            endpoint: name.endpoint,
            name: name.deployment,
            body: try secrets.open(row["body"], place: name.place),
            failure: row["failure"] ?? ""
        )
    }
}

extension EndpointDefinition {
    /// Every deployment that it names, and the member that does.
    fileprivate var namedDeployments: [(field: String, name: String)] {
        traffic.keys.sorted().map { ("traffic", $0) } + mirrorTraffic.keys.sorted().map { ("mirrorTraffic", $0) }
            + routing.canaries.map { ("canary", $0.deployment) }
            + (fallback?.deployments ?? []).map { ("fallback.to", $0) }
    }
}

extension ConfigurationWriter {
    /// A deployment that is made or changed by other means has no failed attempt of an Azure client's behind it any more:
    /// what was kept of one that nothing served goes, of one that is served only the reason.
    func forgetFailures(of deployments: [DeploymentDefinition], over old: Definitions, besides writes: [AzureWrite])
        throws
    {
        let known = Set(old.deployments.map(\.path))
        let written = Set(writes.map(\.resource.path))
        for deployment in deployments where !written.contains(deployment.path) {
            let action =
                known.contains(deployment.path)
                ? "UPDATE azure_deployments SET failure = NULL" : "DELETE FROM azure_deployments"
            try run(
                "\(action) WHERE tenant = ? AND endpoint = ? AND name = ? AND failure IS NOT NULL",
                [deployment.tenant, deployment.endpoint, deployment.name]
            )
        }
    }
}
