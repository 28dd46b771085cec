/// What was used in a span of time, one row for each thing that it was asked by.
package struct UsageReportResource: Codable, Sendable, Equatable {
    package var tenant: String
    /// ISO 8601.
    package var since: String
    /// ISO 8601.
    package var until: String
    /// What the rows are by: `endpoint`, `deployment`, `key` and `day`, any of them; none = one row.
    package var by: [String]
    package var rows: [UsageRowResource]

    package init(tenant: String, since: String, until: String, by: [String], rows: [UsageRowResource]) {
        self.tenant = tenant
        self.since = since
        self.until = until
        self.by = by
        self.rows = rows
    }
}

/// The usage of one endpoint, deployment, key or day.
package struct UsageRowResource: Codable, Sendable, Equatable {
    /// `2026-11-21`, in UTC.
    package var day: String?
    package var endpoint: String?
    package var deployment: String?
    /// The caller as receipts name it: `demo/chat#primary`, `demo#NAME`, `demo@SUBJECT`.
    package var key: String?
    package var requests: Int64
    package var inputTokens: Int64
    package var outputTokens: Int64
    package var cost: Money

    package init(
        day: String? = nil,
        endpoint: String? = nil,
        deployment: String? = nil,
        key: String? = nil,
        requests: Int64,
        inputTokens: Int64,
        outputTokens: Int64,
        cost: Money
    ) {
        self.day = day
        self.endpoint = endpoint
        self.deployment = deployment
        self.key = key
        self.requests = requests
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cost = cost
    }
}
