import GatewayCore

extension [UsageSubject] {
    /// What a change took away of all that limits and quotas may be on; of a tenant's own, where it went itself, only the tenant.
    ///
    /// Names tell one from another: what is there before and after is the same.
    static func gone(_ old: Definitions, _ new: Definitions, _ keys: KeyDifference) -> [UsageSubject] {
        let tenants = ConfigurationWriter.gone(old.tenants, new.tenants, path: \.path).map(\.name)
        let endpoints = ConfigurationWriter.gone(old.endpoints, new.endpoints, path: \.path)
        let deployments = ConfigurationWriter.gone(old.deployments, new.deployments, path: \.path)
        let named = ConfigurationWriter.gone(keys.named.old, keys.named.new, path: \.path)
        let parts =
            endpoints.map { UsageSubject.endpoint(tenant: $0.tenant, endpoint: $0.name) }
            + deployments.map(\.subject)
            + named.map { .caller(tenant: $0.tenant, label: $0.label) }
        return tenants.map(UsageSubject.tenant) + parts.filter { !tenants.contains($0.tenant) }
    }
}

extension DeploymentDefinition {
    var subject: UsageSubject { .deployment(tenant: tenant, endpoint: endpoint, deployment: name) }
}
