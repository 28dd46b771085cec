/// A tenant, as the admin API shows and takes it.
package struct TenantResource: Codable, Sendable, Equatable {
    package var name: String
    /// Left out of a PUT, it stays as it is.
    package var suspended: Bool?
    /// The organisation above: labels that are only shown.
    package var subscription: String?
    package var resourceGroup: String?
    package var limits: [LimitResource]
    package var quotas: [QuotaResource]
    /// For endpoints that have none of their own.
    package var cors: CORSResource?
    /// Places for every one of a tenant of weight 1 while both have requests waiting: 1 to 100; left out, 1.
    package var queueWeight: Int

    package init(
        name: String,
        suspended: Bool? = nil,
        subscription: String? = nil,
        resourceGroup: String? = nil,
        limits: [LimitResource] = [],
        quotas: [QuotaResource] = [],
        cors: CORSResource? = nil,
        queueWeight: Int = 1
    ) {
        self.name = name
        self.suspended = suspended
        self.subscription = subscription
        self.resourceGroup = resourceGroup
        self.limits = limits
        self.quotas = quotas
        self.cors = cors
        self.queueWeight = queueWeight
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case suspended
        case subscription
        case resourceGroup
        case limits = "rateLimits"
        case quotas
        case cors
        case queueWeight
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            name: try members.value(.name, or: ""),
            suspended: try members.value(.suspended),
            subscription: try members.value(.subscription),
            resourceGroup: try members.value(.resourceGroup),
            limits: try members.value(.limits, or: []),
            quotas: try members.value(.quotas, or: []),
            cors: try members.value(.cors),
            queueWeight: try members.value(.queueWeight, or: 1)
        )
    }
}
