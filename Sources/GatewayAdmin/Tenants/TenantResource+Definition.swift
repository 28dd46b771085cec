package import GatewayAPI
package import GatewayCore

extension TenantDefinition {
    /// What a wire resource describes; names and amounts are the store's to judge.
    package init(_ resource: TenantResource) throws(APIError) {
        self.init(
            name: resource.name,
            isSuspended: resource.suspended ?? false,
            subscription: resource.subscription,
            resourceGroup: resource.resourceGroup,
            rules: try UsageRules(limits: resource.limits, quotas: resource.quotas),
            cors: resource.cors.map(CORSRule.init),
            queueWeight: resource.queueWeight
        )
    }
}

extension TenantResource {
    init(_ tenant: TenantDefinition) {
        self.init(
            name: tenant.name,
            suspended: tenant.isSuspended,
            subscription: tenant.subscription,
            resourceGroup: tenant.resourceGroup,
            limits: tenant.rules.limitResources,
            quotas: tenant.rules.quotaResources,
            cors: tenant.cors.map(CORSResource.init),
            queueWeight: tenant.queueWeight
        )
    }
}
