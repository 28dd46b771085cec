package import GatewayCore

/// Compiles who may call, from where and how much; what stays as it was keeps its object and its counters.
package struct AccessCompiler: Sendable {
    private let usage: UsageRegistry
    let privateNetworks: NetworkList
    let allowsPlainHTTP: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - usage: the counters, which admission asks as well.
    ///   - privateNetworks: whose clients may call endpoints that are closed to the public network.
    ///   - allowsPlainHTTP: whether keys of an issuer may be fetched from this URL without TLS.
    package init(
        usage: UsageRegistry = UsageRegistry(),
        privateNetworks: NetworkList = .defaultAllowed,
        allowsPlainHTTP: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.usage = usage
        self.privateNetworks = privateNetworks
        self.allowsPlainHTTP = allowsPlainHTTP
    }

    func scope(_ subject: UsageSubject, _ rules: UsageRules) -> UsageScope? { usage.scope(subject, rules) }

    /// Whoever has one of these names next begins at zero.
    func forget(_ gone: [UsageSubject]) { usage.forget(gone) }

    func tenant(_ definition: TenantDefinition, _ endpoints: [Endpoint], _ roles: [RoleAssignment]) -> Tenant {
        Tenant(
            name: definition.name,
            endpoints: endpoints,
            isSuspended: definition.isSuspended,
            roles: roles,
            usage: scope(.tenant(definition.name), definition.rules),
            cors: definition.cors.map(CORSPolicy.init),
            queueWeight: definition.queueWeight
        )
    }

    /// - Parameters:
    ///   - owners: its sticky assignment.
    ///   - served: whose place it takes: turns and counters of mirrors go on.
    func endpoint(
        _ definition: EndpointDefinition,
        of tenant: TenantDefinition?,
        _ deployments: [Deployment],
        owners: StickyBuckets = .none,
        after served: Endpoint? = nil
    ) -> Endpoint {
        let weights = deployments.map { min(100, max(0, definition.traffic[$0.name] ?? 0)) }
        let networks = NetworkList(known: definition.allowedNetworks)
        return Endpoint(
            tenant: definition.tenant,
            name: definition.name,
            modelNames: definition.modelNames,
            hosts: definition.hosts,
            deployments: deployments,
            split: TrafficSplit(weights: weights, after: served?.split),
            routing: RoutingRule(
                definition.routing,
                endpoint: "\(definition.tenant)/\(definition.name)",
                deployments: deployments,
                weights: weights,
                owners: owners
            ),
            mirror: MirrorRule(definition.mirrorTraffic, deployments, after: served?.mirror),
            access: EndpointAccess(
                modes: definition.authModes,
                networks: networks.isEmpty ? nil : networks,
                isPrivate: definition.isPrivate,
                maintenance: definition.maintenance,
                createdAt: definition.createdAt
            ),
            usage: scope(.endpoint(tenant: definition.tenant, endpoint: definition.name), definition.rules),
            cors: (definition.cors ?? tenant?.cors).map(CORSPolicy.init),
            fallback: definition.fallback.map { fallback in
                FallbackRule(
                    chain: fallback.deployments.compactMap { name in deployments.first { $0.name == name } },
                    statuses: Set(fallback.statuses)
                )
            }
        )
    }

    /// The keys that open something: of the previous ones all that did not change.
    func keyring(_ keys: KeyDifference, after previous: Keyring?) -> Keyring {
        let previous = previous ?? Keyring([:])
        if keys.isEmpty { return previous }
        var gone: [KeyDigest] = []
        for key in keys.pairs.old { gone += [key.digest] + key.retired.map(\.digest) }
        for key in keys.named.old { gone += [key.digest] + key.retired.map(\.digest) }
        let new = entries(keys.pairs.new) + entries(keys.named.new)
        return previous.replacing(gone, with: new)
    }

    private func entries(_ keys: [EndpointKey]) -> [(KeyDigest, Caller)] {
        keys.flatMap { key in
            func caller(until end: Int64?) -> Caller {
                Caller(tenant: key.tenant, endpoint: key.endpoint, label: key.label, expiresAt: end)
            }
            return [(key.digest, caller(until: nil))]
                + key.retired.map { ($0.digest, caller(until: $0.validUntil)) }
        }
    }

    private func entries(_ keys: [NamedKey]) -> [(KeyDigest, Caller)] {
        keys.lazy.filter { !$0.isDisabled }.flatMap { key in
            let caller = caller(key, until: key.expiresAt)
            return [(key.digest, caller)]
                + key.retired.map { ($0.digest, self.caller(key, until: min($0.validUntil, key.expiresAt ?? .max))) }
        }
    }

    private func caller(_ key: NamedKey, until end: Int64?) -> Caller {
        let networks = NetworkList(known: key.allowedNetworks)
        return Caller(
            tenant: key.tenant,
            label: key.label,
            endpoints: key.endpoints.map(Set.init),
            forms: key.forms.map(Set.init),
            networks: networks.isEmpty ? nil : networks,
            expiresAt: end,
            usage: scope(.caller(tenant: key.tenant, label: key.label), key.rules),
            queueWeight: key.queueWeight
        )
    }
}
