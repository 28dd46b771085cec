import Foundation
import GRDB
package import GatewayCore

/// An endpoint's two keys as an operator may see them.
package struct KeyPair: Sendable, Equatable {
    package let primary: String
    package let secondary: String
}

extension Store {
    package func keys(_ tenant: String, _ endpoint: String) async throws(StoreError) -> KeyPair {
        let path = try self.endpoint(tenant, endpoint).path
        return try await write { [secrets] database in
            let pair = try KeySlot.allCases.map { slot in
                let query = "SELECT sealed FROM endpoint_keys WHERE tenant = ? AND endpoint = ? AND slot = ?"
                let arguments: StatementArguments = [tenant, endpoint, slot.rawValue]
                guard let sealed = try Data.fetchOne(database, sql: query, arguments: arguments) else {
                    throw StoreError.notFound(resource: path)
                }
                return try secrets.open(sealed, place: "\(path)/\(slot.rawValue)")
            }
            return KeyPair(primary: pair[0], secondary: pair[1])
        }
    }

    /// Puts a new key in one slot; the old one opens nothing from now on.
    package func regenerateKey(_ tenant: String, _ endpoint: String, slot: KeySlot) async throws(StoreError) -> KeyPair
    {
        let path = try self.endpoint(tenant, endpoint).path
        try await change { transaction in
            guard transaction.definitions.endpoints.contains(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            transaction.issueKey(tenant, endpoint, slot: slot)
        }
        return try await keys(tenant, endpoint)
    }
}
