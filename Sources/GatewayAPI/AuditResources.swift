/// One change in the audit log; only in answers.
package struct AuditEntryResource: Codable, Sendable, Equatable {
    /// From 1, without gaps.
    package var number: Int64
    /// ISO 8601.
    package var time: String
    /// Who; `gatehouse` is the gateway itself.
    package var `operator`: String
    /// From where; empty for the gateway itself.
    package var address: String
    /// Method and path; empty for the gateway itself.
    package var request: String
    /// `created`, `updated` or `deleted`.
    package var action: String
    /// `deployment`, `role` and so on.
    package var kind: String
    package var resource: String
    /// What differs, of an update.
    package var fields: [String]
    /// JSON, as text, without secrets.
    package var before: String?
    /// JSON, as text, without secrets.
    package var after: String?

    package init(
        number: Int64,
        time: String,
        operator name: String,
        address: String,
        request: String,
        action: String,
        kind: String,
        resource: String
    ) {
        self.number = number
        self.time = time
        self.operator = name
        self.address = address
        self.request = request
        self.action = action
        self.kind = kind
        self.resource = resource
        fields = []
    }
}

/// What a look at the whole audit log found; only in answers.
package struct AuditVerdictResource: Codable, Sendable, Equatable {
    /// Whether the log is whole and as it was written.
    package var good: Bool
    package var entries: Int64
    /// The first number where something is wrong.
    package var firstBad: Int64?
    package var reason: String?
    /// Where a good log ends, to be noted elsewhere: `N:HASH`.
    package var head: String?

    package init(good: Bool, entries: Int64, firstBad: Int64?, reason: String?, head: String? = nil) {
        self.good = good
        self.entries = entries
        self.firstBad = firstBad
        self.reason = reason
        self.head = head
    }
}
