import Foundation
import GRDB
package import GatewayCore

/// Endpoints and deployments as Azure's clients sent them.
extension Store {
    package func azureEndpoint(_ tenant: String, _ endpoint: String) async throws(StoreError) -> AzureRecord? {
        try await read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT * FROM azure_endpoints WHERE tenant = ? AND name = ?",
                arguments: [tenant, endpoint]
            ).map { AzureRecord($0, body: $0["body"]) }
        }
    }

    /// Names of an endpoint's deployments that have a record; those that nothing serves too.
    package func azureDeploymentNames(
        of tenant: String,
        _ endpoint: String
    ) async throws(StoreError) -> [String] {
        try await read { database in
            try String.fetchAll(
                database,
                sql: "SELECT name FROM azure_deployments WHERE tenant = ? AND endpoint = ? ORDER BY name",
                arguments: [tenant, endpoint]
            )
        }
    }

    package func azureDeployment(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String
    ) async throws(StoreError) -> AzureRecord? {
        let name = AzureWrite.DeploymentName(tenant: tenant, endpoint: endpoint, deployment: deployment)
        return try await read { [secrets] database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT * FROM azure_deployments WHERE tenant = ? AND endpoint = ? AND name = ?",
                arguments: [tenant, endpoint, deployment]
            )
            guard let row else { return nil }
            var record = AzureRecord(row, body: try secrets.open(row["body"], place: name.place))
            record.failure = row["failure"]
            return record
        }
    }

    /// Puts an endpoint with what its client sent, in one transaction.
    ///
    /// - Parameter expected: what it was made from: it is refused when there is another one now.
    package func putEndpoint(
        _ endpoint: EndpointDefinition,
        over expected: EndpointDefinition?,
        azure body: String,
        by author: String
    ) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            let before = transaction.definitions.endpoints.first { $0.path == endpoint.path }
            guard before == expected else { throw StoreError.changedMeanwhile(endpoint.path) }
            transaction.put(endpoint)
            transaction.azure.append(
                .endpoint(.init(tenant: endpoint.tenant, endpoint: endpoint.name), body: body, by: author)
            )
            guard let before else { return .created }
            return transaction.definitions.endpoints.contains(before) ? .unchanged : .updated
        }
    }

    /// Puts a deployment with what its client sent, in one transaction.
    ///
    /// - Parameters:
    ///   - expected: what it was made from: it is refused when there is another one now.
    ///   - isOwners: whether the configuration file says what serves it: then it is the owner's word, whoever asks.
    ///   - model: registered in the same change.
    package func putDeployment(
        _ deployment: DeploymentDefinition,
        over expected: DeploymentDefinition?,
        isOwners: Bool = false,
        registering model: ModelRegistration? = nil,
        azure body: String,
        by author: String
    ) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            let before = transaction.definitions.deployments.first { $0.path == deployment.path }
            guard before == expected else { throw StoreError.changedMeanwhile(deployment.path) }
            if let model { _ = try transaction.register(model) }
            let outcome = transaction.put(deployment, isOwners: isOwners)
            transaction.azure.append(.deployment(deployment.azureName, body: body, by: author))
            return outcome
        }
    }

    /// Keeps what a client sent of a deployment that is not served, or not in this way.
    ///
    /// - Parameter failure: why not; `nil` while that is not known yet.
    package func keepAzureDeployment(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String,
        body: String,
        failure: String?,
        by author: String
    ) async throws(StoreError) {
        let origin = ChangeOrigin.current
        let name = AzureWrite.DeploymentName(tenant: tenant, endpoint: endpoint, deployment: deployment)
        try await write { [self] database in
            let before = try name.stored(in: database, secrets)
            let draft = try name.draft(before: before, after: AzureWrite.Stored(body: body, failure: failure))
            try audited(in: database, [draft], by: origin) {
                let writer = ConfigurationWriter(database: database, secrets: secrets)
                try writer.putAzureDeployment(name, body: body, failure: failure, by: author, at: WallClock.seconds)
                return true
            }
        }
    }

    /// Says why the last change of a deployment was not done; one that is gone meanwhile stays gone.
    package func failAzureDeployment(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String,
        _ failure: String
    ) async throws(StoreError) {
        try await alterAzureDeployment(
            AzureWrite.DeploymentName(tenant: tenant, endpoint: endpoint, deployment: deployment),
            "UPDATE azure_deployments SET failure = ? WHERE tenant = ? AND endpoint = ? AND name = ?",
            [failure]
        ) { AzureWrite.Stored(body: $0.body, failure: failure) }
    }

    /// Forgets a deployment that is not served; one that is served goes with its deployment.
    package func forgetAzureDeployment(
        _ tenant: String,
        _ endpoint: String,
        _ deployment: String
    ) async throws(StoreError) {
        try await alterAzureDeployment(
            AzureWrite.DeploymentName(tenant: tenant, endpoint: endpoint, deployment: deployment),
            "DELETE FROM azure_deployments WHERE tenant = ? AND endpoint = ? AND name = ?",
            []
        ) { _ in nil }
    }

    /// - Parameter change: what becomes of it; `nil` = it is forgotten.
    private func alterAzureDeployment(
        _ name: AzureWrite.DeploymentName,
        _ sql: String,
        _ arguments: [String],
        change: @escaping @Sendable (AzureWrite.Stored) -> AzureWrite.Stored?
    ) async throws(StoreError) {
        let origin = ChangeOrigin.current
        try await write { [self] database in
            guard let before = try name.stored(in: database, secrets) else { return }
            try audited(in: database, [try name.draft(before: before, after: change(before))], by: origin) {
                let all = arguments + [name.tenant, name.endpoint, name.deployment]
                try database.execute(sql: sql, arguments: StatementArguments(all))
                return true
            }
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreError {
    /// What was asked had been made from an earlier state.
    fileprivate static func changedMeanwhile(_ resource: String) -> StoreError {
        .conflict(Problem(.changedMeanwhile, resource, "\(resource) was changed meanwhile; send it again"))
    }
}

extension DeploymentDefinition {
    fileprivate var azureName: AzureWrite.DeploymentName {
        AzureWrite.DeploymentName(tenant: tenant, endpoint: endpoint, deployment: name)
    }
}
