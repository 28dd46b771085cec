package import GatewayAPI
package import GatewayCore
package import GatewayStore

extension KeyTerms {
    /// What a wire resource allows a key; names and amounts are the store's to judge.
    package init(_ resource: NamedKeyResource) throws(APIError) {
        var forms: [URLFormName]?
        for text in resource.forms ?? [] {
            guard let form = URLFormName(rawValue: text.lowercased()) else {
                let known = URLFormName.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.invalid, "\(text.debugDescription) is not one of \(known)", target: "forms")
            }
            forms = (forms ?? []) + [form]
        }
        if resource.forms?.isEmpty == true { forms = [] }
        var expiresAt: Int64?
        if let text = resource.expiresAt { expiresAt = try WireTime.read(text, member: "expiresAt") }
        self.init(
            endpoints: resource.endpoints,
            forms: forms,
            expiresAt: expiresAt,
            allowedNetworks: resource.allowedNetworks,
            rules: try UsageRules(limits: resource.limits, quotas: resource.quotas),
            queueWeight: resource.queueWeight,
            isDisabled: resource.disabled ?? false
        )
    }
}

extension NamedKey {
    /// As it would be, to find out whether it is valid; the secret is made up.
    package init(_ resource: NamedKeyResource, _ terms: KeyTerms) {
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            digest: KeySecret.generate().digest,
            endpoints: terms.endpoints,
            forms: terms.forms,
            expiresAt: terms.expiresAt,
            allowedNetworks: terms.allowedNetworks,
            rules: terms.rules,
            queueWeight: terms.queueWeight,
            isDisabled: terms.isDisabled,
            createdAt: 0
        )
    }
}

extension NamedKeyResource {
    /// - Parameters:
    ///   - secret: only in the answer to what made it.
    init(_ key: NamedKey, lastUsedAt: Int64? = nil, secret: String? = nil) {
        self.init(tenant: key.tenant, name: key.name)
        endpoints = key.endpoints
        forms = key.forms?.map(\.rawValue)
        expiresAt = key.expiresAt.map(WireTime.text)
        allowedNetworks = key.allowedNetworks
        limits = key.rules.limitResources
        quotas = key.rules.quotaResources
        queueWeight = key.queueWeight
        disabled = key.isDisabled
        createdAt = WireTime.text(key.createdAt)
        self.lastUsedAt = lastUsedAt.map(WireTime.text)
        previousValidUntil = key.retired.map(\.validUntil).max().map(WireTime.text)
        self.key = secret
    }
}
