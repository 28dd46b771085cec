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
    /// - Parameter grace: seconds that the old one still opens; with none it, and those before it, open nothing from now
    ///   on.
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
            let pair = transaction.definitions.keys.filter { $0.endpointPath == path }
            guard let key = pair.first(where: { $0.slot == slot }) else { throw StoreError.notFound(resource: path) }
            try Grace.checkRoom(key.retired, grace, at: now, path)
            transaction.issueKey(tenant, endpoint, slot: slot, grace: grace)
        }
        return try await keys(tenant, endpoint)
    }
}

/// How long a replaced key may still open.
enum Grace {
    static let longest: Int64 = 366 * 86400
    /// Earlier keys that may still open beside the one that replaced them.
    static let mostRetired = 16

    static func check(_ seconds: Int64, _ resource: String) throws(StoreError) {
        guard (0...longest).contains(seconds) else {
            let message = "must be 0 to \(longest) seconds (366 days)"
            throw .invalid([Problem(.invalidRotation, resource, field: "grace", message)])
        }
    }

    /// One more may be retired with a grace.
    static func checkRoom(_ retired: [RetiredKey], _ seconds: Int64, at now: Int64, _ resource: String)
        throws(StoreError)
    {
        let open = retired.filter { $0.validUntil > now }
        guard seconds > 0, open.count >= mostRetired, let first = open.first else { return }
        let message = """
            cannot be given: \(mostRetired) earlier keys still open, the first of them for \(first.validUntil - now) seconds \
            more; without a grace all of them end now
            """
        throw .invalid([Problem(.invalidRotation, resource, field: "grace", message)])
    }
}
