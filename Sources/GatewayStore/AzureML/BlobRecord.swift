import GRDB
import GatewayCore

/// An uploaded file that is about to be in its place.
package struct BlobRecord: Sendable, Equatable {
    package let tenant: String
    package let name: String
    /// Absolute, on the gateway's machine.
    package let path: String
    /// In bytes.
    package let size: Int64
    /// Lower-case hex.
    package let sha256: String

    package init(tenant: String, name: String, path: String, size: Int64, sha256: String) {
        self.tenant = tenant
        self.name = name
        self.path = path
        self.size = size
        self.sha256 = sha256
    }
}

extension Store {
    /// Puts an uploaded file in its place, with an entry of the audit log: both, or nothing.
    ///
    /// - Parameters:
    ///   - before: the size of what is there now.
    ///   - place: why it could not be done; `nil` when it was.
    package func recordBlob(
        _ blob: BlobRecord,
        before: @escaping @Sendable () -> Int64?,
        place: @escaping @Sendable () -> (any Error)?
    ) async throws {
        let origin = ChangeOrigin.current
        let failure = try await write { [self] database -> (any Error)? in
            guard definitions.tenants.contains(where: { $0.name == blob.tenant }) else {
                throw StoreError.notFound(resource: blob.tenant)
            }
            if let model = definitions.models.first(where: { $0.path == blob.path }) {
                let message = "names the file \(blob.name), which does not change; upload it under another name"
                throw StoreError.conflict(Problem(.alreadyExists, model.resource, message))
            }
            var failure: (any Error)?
            try audited(in: database, [try blob.draft(over: before())], by: origin) {
                failure = place()
                return failure == nil
            }
            return failure
        }
        if let failure { throw failure }
    }
}

extension BlobRecord {
    private struct Facts: Encodable {
        let size: Int64
        var sha256: String?
    }

    fileprivate func draft(over before: Int64?) throws(StoreError) -> AuditDifference.Draft {
        AuditDifference.Draft(
            action: before == nil ? .created : .updated,
            resource: ResourceReference(.blob, "\(tenant)/blobs/\(name)"),
            tenant: tenant,
            before: try before.map { (size) throws(StoreError) in try StoredJSON.text(Facts(size: size)) },
            after: try StoredJSON.text(Facts(size: size, sha256: sha256))
        )
    }
}
