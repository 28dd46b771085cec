/// A compiled endpoint: where its traffic goes.
package final class Endpoint: Sendable {
    package let tenant: String
    package let name: String
    package let modelNames: [String]
    package let hosts: [String]
    package let deployments: [Deployment]
    package let split: TrafficSplit
    package let routing: RoutingRule
    package let mirror: MirrorRule
    /// How it may be called, and by whom.
    package let access: EndpointAccess
    package let usage: UsageScope?
    /// Its own, else its tenant's.
    package let cors: CORSPolicy?
    package let fallback: FallbackRule?
    /// What its deployments' rules keep at most; `nil` when none has one.
    package let captures: CaptureBounds?
    /// Whether requests' own paths are all that the upstreams see: then they say by themselves what uses tokens.
    private let hasPlainPaths: Bool

    package init(
        tenant: String,
        name: String,
        modelNames: [String],
        hosts: [String],
        deployments: [Deployment],
        split: TrafficSplit,
        routing: RoutingRule = .none,
        mirror: MirrorRule = .none,
        access: EndpointAccess = EndpointAccess(),
        usage: UsageScope? = nil,
        cors: CORSPolicy? = nil,
        fallback: FallbackRule? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.modelNames = modelNames
        self.hosts = hosts
        self.deployments = deployments
        self.split = split
        self.routing = routing
        self.mirror = mirror
        self.access = access
        self.usage = usage
        self.cors = cors
        self.fallback = fallback
        captures = CaptureBounds(deployments.compactMap(\.capture))
        hasPlainPaths = deployments.allSatisfy(\.paths.arePlain)
    }

    /// Places of each worker that requests which fall back to a deployment leave to those that are its own: a quarter, where
    /// it has traffic.
    func reserve(of deployment: Deployment) -> Int {
        guard deployment.isNative, let limit = deployment.capacity.limit, limit > 1,
            let index = deployments.firstIndex(where: { $0 === deployment }),
            split.hasWeight(index) || routing.canaries.contains(where: { $0.deployment == index })
        else { return 0 }
        return max(1, limit / 4)
    }

    /// Whether a request's body must be held for its account, or to be rewritten: one of the deployments, any of which may
    /// come to answer, leads it to a call that uses tokens.
    func readsBody(_ request: UpstreamRequest, contentType: String?) -> Bool {
        if hasPlainPaths { return UsageFormat.readsBody(request.ownUsage, contentType: contentType) }
        return deployments.contains { UsageFormat.readsBody(request.usage(on: $0), contentType: contentType) }
    }
}

/// How an endpoint may be called, and from where.
package struct EndpointAccess: Sendable, Equatable {
    /// Few and looked at for every request: a list is faster than a set.
    package let modes: [AuthMode]
    /// `nil` = from everywhere.
    package var networks: NetworkList?
    /// Only from the snapshot's private networks.
    package var isPrivate: Bool
    package var maintenance: Maintenance?
    /// When it was made, seconds since 1970: an `aml_token` from before was for another one of its name.
    package var createdAt: Int64

    package init(
        modes: Set<AuthMode> = [.key],
        networks: NetworkList? = nil,
        isPrivate: Bool = false,
        maintenance: Maintenance? = nil,
        createdAt: Int64 = 0
    ) {
        self.modes = AuthMode.allCases.filter(modes.contains)
        self.networks = networks
        self.isPrivate = isPrivate
        self.maintenance = maintenance
        self.createdAt = createdAt
    }
}
