import GRDB
import GatewayCore

extension ConfigurationWriter {
    /// Adds or replaces rows; the time and the name of who made one stay.
    func write(_ writes: [AzureWrite], at now: Int64) throws {
        for write in writes {
            switch write {
            case .endpoint(let name, let body, let author):
                try upsertAzure(
                    "azure_endpoints",
                    [("tenant", name.tenant), ("name", name.endpoint)],
                    [("body", body)],
                    by: author,
                    at: now
                )
            case .deployment(let name, let body, let author):
                try putAzureDeployment(name, body: body, failure: nil, by: author, at: now)
            }
        }
    }

    /// - Parameter failure: why the change was not done.
    func putAzureDeployment(
        _ name: AzureWrite.DeploymentName,
        body: String,
        failure: String?,
        by author: String,
        at now: Int64
    ) throws {
        try checkRoom(for: name)
        try upsertAzure(
            "azure_deployments",
            [("tenant", name.tenant), ("endpoint", name.endpoint), ("name", name.deployment)],
            [("body", try secrets.seal(body, place: name.place)), ("failure", failure)],
            by: author,
            at: now
        )
    }

    /// One that is new needs room: bodies of those that nothing serves are kept too.
    private func checkRoom(for name: AzureWrite.DeploymentName) throws {
        let sql = "SELECT count(*) FROM azure_deployments WHERE tenant = ? AND endpoint = ? AND name <> ?"
        let others = try Int.fetchOne(database, sql: sql, arguments: [name.tenant, name.endpoint, name.deployment])
        guard let others, others >= SizeCheck.mostDeployments else { return }
        let message = "has \(others) deployments, and may have no more; delete one that is not needed"
        throw Problem(.tooMany, "\(name.tenant)/\(name.endpoint)", field: "deployments", message)
    }

    private func upsertAzure(
        _ table: String,
        _ keys: [Column],
        _ values: [Column],
        by author: String,
        at now: Int64
    ) throws {
        let columns = keys + values + [("created_at", now), ("modified_at", now), ("created_by", author)]
        let updates =
            values.map { "\($0.0) = excluded.\($0.0)" } + ["modified_at = max(excluded.modified_at, created_at)"]
        try run(
            """
            INSERT INTO \(table) (\(columns.map(\.0).joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (\(keys.map(\.0).joined(separator: ", "))) DO UPDATE SET \(updates.joined(separator: ", "))
            """,
            StatementArguments(columns.map(\.1))
        )
    }
}
