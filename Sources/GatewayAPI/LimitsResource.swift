/// The limits and quotas of one tenant, endpoint, deployment or named key, and how much of them is used.
package struct LimitsResource: Codable, Sendable, Equatable {
    /// `tenant`, `tenant/endpoint`, `tenant/endpoint/deployment` or `tenant#key`; only in answers.
    package var resource: String?
    package var limits: [LimitResource]
    package var quotas: [QuotaResource]
    /// What is left right now; only in answers.
    package var state: [LimitStateResource]?

    package init(
        resource: String? = nil,
        limits: [LimitResource] = [],
        quotas: [QuotaResource] = [],
        state: [LimitStateResource]? = nil
    ) {
        self.resource = resource
        self.limits = limits
        self.quotas = quotas
        self.state = state
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case resource
        case limits = "rateLimits"
        case quotas
        case state
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            resource: try members.value(.resource),
            limits: try members.value(.limits, or: []),
            quotas: try members.value(.quotas, or: []),
            state: try members.value(.state)
        )
    }
}

/// One counter at one moment.
package struct LimitStateResource: Codable, Sendable, Equatable {
    /// As the response header `RateLimit-Policy` names it.
    package var policy: String
    package var limit: Double
    package var used: Double
    package var remaining: Double
    /// When all of it is there again, ISO 8601; left out where nothing is used.
    package var resetsAt: String?
    package var warnOnly: Bool
    /// Requests that the rule refused, and that it would have refused if it did not only warn, since the gateway's start or
    /// the rule's.
    package var refused: Int64
    package var warned: Int64

    package init(
        policy: String,
        limit: Double,
        used: Double,
        remaining: Double,
        resetsAt: String? = nil,
        warnOnly: Bool = false,
        refused: Int64 = 0,
        warned: Int64 = 0
    ) {
        self.policy = policy
        self.limit = limit
        self.used = used
        self.remaining = remaining
        self.resetsAt = resetsAt
        self.warnOnly = warnOnly
        self.refused = refused
        self.warned = warned
    }
}
