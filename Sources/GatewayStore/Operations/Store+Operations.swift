import GRDB
import GatewayCore

/// What the audit log says of an operation that somebody wanted to end.
private struct StoppedFacts: Encodable {
    let resource: String
    let state: String
    /// Why it has failed: `Cancelled`, unless something else was first.
    var failure: String?
}

extension Store {
    /// How an operation has ended that somebody wanted to end, with an entry of the audit log: both, or nothing.
    package func saveStopped(_ operation: ControlOperation, by origin: ChangeOrigin) async throws(StoreError) {
        let (resource, tenant) = (operation.resource, operation.tenants.first)
        let draft = AuditDifference.Draft(
            action: .updated,
            resource: ResourceReference(.operation, "\(tenant ?? "")/operations/\(operation.id)"),
            tenant: tenant,
            fields: ["state"],
            before: try StoredJSON.text(
                StoppedFacts(resource: resource, state: ControlOperation.State.creating.rawValue)
            ),
            after: try StoredJSON.text(
                StoppedFacts(resource: resource, state: operation.state.rawValue, failure: operation.failure?.code)
            )
        )
        try await write { [self] database in
            try audited(in: database, [draft], by: origin) {
                try StoredOperation(operation).write(to: database)
                return true
            }
        }
    }

    /// Operations of one tenant that are kept; the oldest of those that are over go first, and a resource's last one stays.
    package static let mostOperations = 1000

    /// Endpoints and deployments: `tenant/endpoint` and `tenant/endpoint/deployment`.
    package func servedPaths() -> Set<String> {
        let definitions = definitions
        return Set(definitions.endpoints.map(\.path) + definitions.deployments.map(\.path))
    }

    /// All of them, the oldest first.
    package func operations() async throws(StoreError) -> [ControlOperation] {
        try await write { database in
            try Row.fetchAll(database, sql: "SELECT * FROM operations ORDER BY started_at, id")
                .map { ControlOperation(try StoredOperation($0)) }
        }
    }

    /// Writes how these stand, and takes away those that are forgotten.
    ///
    /// - Parameter operations: asked on the database's writer thread, so that of two saves the later one is never behind.
    package func save(
        forgetting gone: [String] = [],
        _ operations: @escaping @Sendable () -> [ControlOperation]
    ) async throws(StoreError) {
        try await write { database in
            try database.inTransaction(.immediate) {
                for operation in operations() { try StoredOperation(operation).write(to: database) }
                for id in gone {
                    try database.execute(sql: "DELETE FROM operations WHERE id = ?", arguments: [id])
                }
                return .commit
            }
        }
    }
}
