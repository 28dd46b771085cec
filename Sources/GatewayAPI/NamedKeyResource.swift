/// A key that an application was given, as the admin API shows and takes it.
package struct NamedKeyResource: Codable, Sendable, Equatable {
    /// In a request it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    /// Names of endpoints that it opens; left out, all of the tenant.
    package var endpoints: [String]?
    /// URL forms that it may use; left out, all.
    package var forms: [String]?
    /// ISO 8601; left out, never.
    package var expiresAt: String?
    /// CIDR; empty = everywhere.
    package var allowedNetworks: [String]
    package var limits: [LimitResource]
    package var quotas: [QuotaResource]
    /// Places for every one of a caller of weight 1 of the tenant while both have requests waiting: 1 to 100; left out, 1.
    package var queueWeight: Int
    /// Left out of a PUT, it stays as it is.
    package var disabled: Bool?
    /// ISO 8601; only in answers.
    package var createdAt: String?
    /// ISO 8601; only in answers, and only when it was used.
    package var lastUsedAt: String?
    /// Until when a key from before a rotation still opens, the last of them, ISO 8601; only in answers.
    package var previousValidUntil: String?
    /// The secret itself: only in the answer that made it.
    package var key: String?

    package init(tenant: String, name: String) {
        self.tenant = tenant
        self.name = name
        allowedNetworks = []
        limits = []
        quotas = []
        queueWeight = 1
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case endpoints
        case forms
        case expiresAt
        case allowedNetworks
        case limits = "rateLimits"
        case quotas
        case queueWeight
        case disabled
        case createdAt
        case lastUsedAt
        case previousValidUntil
        case key
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(tenant: try members.value(.tenant, or: ""), name: try members.value(.name, or: ""))
        endpoints = try members.value(.endpoints)
        forms = try members.value(.forms)
        expiresAt = try members.value(.expiresAt)
        allowedNetworks = try members.value(.allowedNetworks, or: [])
        limits = try members.value(.limits, or: [])
        quotas = try members.value(.quotas, or: [])
        queueWeight = try members.value(.queueWeight, or: 1)
        disabled = try members.value(.disabled)
        createdAt = try members.value(.createdAt)
        lastUsedAt = try members.value(.lastUsedAt)
        previousValidUntil = try members.value(.previousValidUntil)
        key = try members.value(.key)
    }
}
