/// One change as the audit log keeps it.
package struct AuditEntry: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        case created
        case updated
        case deleted
    }

    /// From 1, without gaps.
    package var number: Int64
    /// Milliseconds since 1970.
    package var at: Int64
    /// The operator's label.
    package var author: String
    /// The client's address; empty for what the gateway does by itself.
    package var address: String
    /// Method and path; empty for what the gateway does by itself.
    package var request: String
    package var action: Action
    package var resource: ResourceReference
    /// Whose; `nil` for what belongs to the gateway.
    package var tenant: String?
    /// Members that differ, of an update.
    package var fields: [String]
    /// JSON without secrets.
    package var before: String?
    /// JSON without secrets.
    package var after: String?

    /// What the hash of this entry covers: each part with its length, so that no two entries read the same.
    var covered: String {
        [
            "\(number)", "\(at)", author, address, request, action.rawValue, resource.kind.rawValue, resource.path,
            tenant, fields.joined(separator: ","), before, after,
        ].map { part in part.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined()
    }
}

/// What a look at the whole audit log found.
package struct AuditVerdict: Sendable, Equatable {
    /// Entries that are there.
    package var entries: Int64
    /// The first number where something is wrong; `nil` when nothing is.
    package var firstBad: Int64?
    /// What is wrong, as a sentence.
    package var reason: String?
    /// Where a good log ends.
    package var head: AuditHead?

    package var isGood: Bool { reason == nil }
}
