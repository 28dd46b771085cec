import GRDB
import GatewayCore

extension Store {
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
