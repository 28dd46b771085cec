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

    /// When each was made, and what it replaced.
    package func endpointKeys(_ tenant: String, _ endpoint: String) throws(StoreError) -> [EndpointKey] {
        let path = try self.endpoint(tenant, endpoint).path
        return definitions.keys.filter { $0.endpointPath == path }
    }

    /// Puts a new key in one slot.
    ///
    /// - Parameter grace: seconds that the old one still opens; with none it opens nothing from now on. Of each slot only
    ///   the last one that was replaced can have a grace.
    package func regenerateKey(
        _ tenant: String,
        _ endpoint: String,
        slot: KeySlot,
        grace: Int64 = 0,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> KeyPair {
        let path = try self.endpoint(tenant, endpoint).path
        try Grace.check(grace, path)
        try await change(at: now) { transaction in
            guard transaction.definitions.endpoints.contains(where: { $0.path == path }) else {
                throw StoreError.notFound(resource: path)
            }
            transaction.issueKey(tenant, endpoint, slot: slot, grace: grace)
        }
        return try await keys(tenant, endpoint)
    }
}

/// How long a replaced key may still open.
enum Grace {
    static let longest: Int64 = 366 * 86400

    static func check(_ seconds: Int64, _ resource: String) throws(StoreError) {
        guard (0...longest).contains(seconds) else {
            let message = "must be 0 to \(longest) seconds (366 days)"
            throw .invalid([Problem(.invalidRotation, resource, field: "grace", message)])
        }
    }
}
