import GRDB

extension Store {
    /// Notes in the audit log that captured requests are sent to a deployment once more.
    ///
    /// - Parameters:
    ///   - path: the deployment's.
    ///   - asked: what was asked for.
    package func noteReplay(to path: String, _ asked: some Encodable & Sendable) async throws(StoreError) {
        let resource = ResourceReference(.replay, path)
        let draft = AuditDifference.Draft(
            action: .created,
            resource: resource,
            tenant: resource.tenant,
            after: try StoredJSON.text(asked)
        )
        let origin = ChangeOrigin.current
        try await write { [self] database in try audited(in: database, [draft], by: origin) { true } }
    }
}
