/// A bound on how much may be used in a span of time, or at once: exactly one of the four measures is set.
package struct LimitResource: Codable, Sendable, Hashable {
    package var requests: Int64?
    package var tokens: Int64?
    /// Requests that are running; has no `per`.
    package var concurrent: Int64?
    package var bodyBytes: Int64?
    /// `second`, `minute` or `hour`.
    package var per: String?
    /// How much may come at once; left out, as much as the limit itself.
    package var burst: Int64?
    /// `address`: counted for each client address by itself.
    package var by: String?
    /// Counts and reports, and refuses nothing.
    package var warnOnly: Bool

    package init(
        requests: Int64? = nil,
        tokens: Int64? = nil,
        concurrent: Int64? = nil,
        bodyBytes: Int64? = nil,
        per: String? = nil
    ) {
        self.requests = requests
        self.tokens = tokens
        self.concurrent = concurrent
        self.bodyBytes = bodyBytes
        self.per = per
        warnOnly = false
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case requests
        case tokens
        case concurrent
        case bodyBytes
        case per
        case burst
        case by
        case warnOnly
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        requests = try members.value(.requests)
        tokens = try members.value(.tokens)
        concurrent = try members.value(.concurrent)
        bodyBytes = try members.value(.bodyBytes)
        per = try members.value(.per)
        burst = try members.value(.burst)
        by = try members.value(.by)
        warnOnly = try members.value(.warnOnly, or: false)
    }
}

/// A bound on how much may be used in a calendar window: exactly one of the three measures is set.
package struct QuotaResource: Codable, Sendable, Hashable {
    package var requests: Int64?
    package var tokens: Int64?
    package var cost: Money?
    /// `day`, `week` or `month`.
    package var per: String
    /// IANA name; left out, `UTC`.
    package var timeZone: String
    /// Tells of 80 % and 100 %, and refuses nothing.
    package var warnOnly: Bool

    package init(
        requests: Int64? = nil,
        tokens: Int64? = nil,
        cost: Money? = nil,
        per: String,
        timeZone: String = "UTC",
        warnOnly: Bool = false
    ) {
        self.requests = requests
        self.tokens = tokens
        self.cost = cost
        self.per = per
        self.timeZone = timeZone
        self.warnOnly = warnOnly
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case requests
        case tokens
        case cost
        case per
        case timeZone
        case warnOnly
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            requests: try members.value(.requests),
            tokens: try members.value(.tokens),
            cost: try members.value(.cost),
            per: try members.decode(String.self, forKey: .per),
            timeZone: try members.value(.timeZone, or: "UTC"),
            warnOnly: try members.value(.warnOnly, or: false)
        )
    }
}
