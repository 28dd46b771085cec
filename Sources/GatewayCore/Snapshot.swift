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

    package init(domain: String?, tenants: [Tenant], keyring: Keyring) {
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

    package init(name: String, endpoints: [Endpoint]) {
        self.name = name
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

/// A compiled endpoint: where its traffic goes.
package final class Endpoint: Sendable {
    package let tenant: String
    package let name: String
    package let modelNames: [String]
    package let hosts: [String]
    package let deployments: [Deployment]
    package let split: TrafficSplit

    package init(
        tenant: String,
        name: String,
        modelNames: [String],
        hosts: [String],
        deployments: [Deployment],
        split: TrafficSplit
    ) {
        self.tenant = tenant
        self.name = name
        self.modelNames = modelNames
        self.hosts = hosts
        self.deployments = deployments
        self.split = split
    }
}

/// A compiled deployment: its instances and how to talk to them.
package final class Deployment: Sendable {
    package let name: String
    package let isNative: Bool
    package let instances: [Instance]
    /// Bounds the whole answer, or the time to the first byte of an event stream.
    package let timeout: Duration
    /// The `model` value that the upstream expects; `nil` leaves the caller's.
    package let upstreamModel: String?
    /// Added to every request, values resolved.
    package let headers: [UpstreamHeader]
    /// PEM file that an `https:` upstream's chain must end in; `nil` = the system's.
    package let certificateAuthority: String?
    /// `name:version` for `x-gatehouse-model`, where known.
    package let modelLabel: String?
    private let cursor: RoundRobin

    package init(
        name: String,
        isNative: Bool,
        instances: [Instance],
        timeout: Duration,
        upstreamModel: String? = nil,
        headers: [UpstreamHeader] = [],
        certificateAuthority: String? = nil,
        modelLabel: String? = nil
    ) {
        self.name = name
        self.isNative = isNative
        self.instances = instances
        self.timeout = timeout
        self.upstreamModel = upstreamModel
        self.headers = headers
        self.certificateAuthority = certificateAuthority
        self.modelLabel = modelLabel
        cursor = RoundRobin()
    }

    /// The next ready instance in turn that is none of the `excluded`; `nil` when there is none.
    package func pickInstance(except excluded: [Instance] = []) -> Instance? {
        let start = cursor.next(below: instances.count)
        for offset in instances.indices {
            let index = start + offset < instances.count ? start + offset : start + offset - instances.count
            let instance = instances[index]
            if instance.isReady, !excluded.contains(where: { $0 === instance }) { return instance }
        }
        return nil
    }
}
