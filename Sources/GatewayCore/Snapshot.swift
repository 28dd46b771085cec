/// All configuration the data plane needs, compiled and frozen.
///
/// A request sees exactly one.
package final class Snapshot: Sendable {
    /// The domain of the host form `{endpoint}.{tenant}.{domain}`; `nil` turns the form off.
    package let domain: String?
    package let tenants: [String: Tenant]
    /// Endpoints by the host names that they have claimed.
    package let hosts: [String: Endpoint]
    package let keyring: Keyring
    /// Whose clients may call endpoints that are closed to the public network.
    package let privateNetworks: NetworkList
    /// Every endpoint's and tenant's rule, for forms whose endpoint only the body names.
    let corsPolicies: [CORSPolicy]

    package init(
        domain: String?,
        tenants: [Tenant],
        keyring: Keyring,
        privateNetworks: NetworkList = .defaultAllowed
    ) {
        self.domain = domain
        self.tenants = Dictionary(tenants.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var hosts: [String: Endpoint] = [:]
        for tenant in tenants {
            for endpoint in tenant.endpoints.values {
                for host in endpoint.hosts { hosts[host] = endpoint }
            }
        }
        self.hosts = hosts
        self.keyring = keyring
        self.privateNetworks = privateNetworks
        corsPolicies = tenants.flatMap { tenant in
            [tenant.cors].compactMap(\.self) + tenant.endpoints.values.compactMap(\.cors)
        }
    }

    /// What a gateway serves before anything was configured.
    package static let empty = Snapshot(domain: nil, tenants: [], keyring: Keyring([:]))
}

/// One tenant's endpoints, by name and by every name that callers may use in `model`.
package final class Tenant: Sendable {
    package let name: String
    package let endpoints: [String: Endpoint]
    package let endpointsByModel: [String: Endpoint]
    /// By the name in lower case, as host names are compared.
    let endpointsByLabel: [String: Endpoint]
    /// Its keys and tokens open nothing.
    package let isSuspended: Bool
    package let roles: [RoleAssignment]
    package let usage: UsageScope?
    /// What endpoints have that set none of their own.
    package let cors: CORSPolicy?
    /// Beside the other tenants, where requests wait.
    package let queueWeight: Int

    package init(
        name: String,
        endpoints: [Endpoint],
        isSuspended: Bool = false,
        roles: [RoleAssignment] = [],
        usage: UsageScope? = nil,
        cors: CORSPolicy? = nil,
        queueWeight: Int = QueueWeight.standard
    ) {
        self.name = name
        self.isSuspended = isSuspended
        self.roles = roles
        self.usage = usage
        self.cors = cors
        self.queueWeight = queueWeight
        self.endpoints = Dictionary(endpoints.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        endpointsByLabel = Dictionary(
            endpoints.map { ($0.name.lowercased(), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var byModel: [String: Endpoint] = [:]
        for endpoint in endpoints {
            for model in endpoint.modelNames { byModel[model] = endpoint }
        }
        for endpoint in endpoints { byModel[endpoint.name] = endpoint }
        endpointsByModel = byModel
    }
}
