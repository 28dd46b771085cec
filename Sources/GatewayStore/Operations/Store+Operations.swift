import GRDB

extension Store {
    /// Operations that are kept; the oldest of those that are over go first.
    package static let mostOperations = 10_000

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
