/// A stable URL with an auth mode and a traffic split, as an admin described it.
package struct EndpointDefinition: Sendable, Equatable {
    package var tenant: String
    package var name: String
    package var description: String
    /// One or more; `none` stands alone and only with `isPublic`.
    package var authModes: Set<AuthMode>
    /// Whether calls without a credential are meant: `gatehouse.public`.
    package var isPublic: Bool
    /// Weight per deployment name, in per cent: they sum to 100, or all are zero (no traffic).
    package var traffic: [String: Int]
    /// Further names that callers may use in a body's `model`; unique in the tenant.
    package var modelNames: [String]
    /// Host names that the endpoint serves at their root; unique in the gateway, lower case.
    package var hosts: [String]
    package var tags: [String: String]
    package var properties: [String: String]
    package var rules: UsageRules
    /// `nil` = the tenant's.
    package var cors: CORSRule?
    /// CIDR; empty = everywhere.
    package var allowedNetworks: [String]
    /// `public_network_access: disabled`: only `listen.private_networks` may call.
    package var isPrivate: Bool
    package var maintenance: Maintenance?
    package var keyRotation: RotationRule?
    package var fallback: FallbackDefinition?
    /// Per cent of the requests that deployments without traffic get copies of.
    package var mirrorTraffic: [String: Int]
    package var routing: RoutingDefinition
    /// For deployments that have no rule of their own; `nil` = nothing is kept.
    package var capture: CaptureRule?
    /// Seconds since 1970; 0 where nobody noted it.
    ///
    /// The store's own: whoever describes an endpoint says nothing of it.
    package var createdAt: Int64 = 0

    package init(
        tenant: String,
        name: String,
        description: String = "",
        authModes: Set<AuthMode> = [.key],
        isPublic: Bool = false,
        traffic: [String: Int] = [:],
        modelNames: [String] = [],
        hosts: [String] = [],
        tags: [String: String] = [:],
        properties: [String: String] = [:],
        rules: UsageRules = .none,
        cors: CORSRule? = nil,
        allowedNetworks: [String] = [],
        isPrivate: Bool = false,
        maintenance: Maintenance? = nil,
        keyRotation: RotationRule? = nil,
        fallback: FallbackDefinition? = nil,
        mirrorTraffic: [String: Int] = [:],
        routing: RoutingDefinition = .none,
        capture: CaptureRule? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.description = description
        self.authModes = authModes
        self.isPublic = isPublic
        self.traffic = traffic
        self.modelNames = modelNames
        self.hosts = hosts
        self.tags = tags
        self.properties = properties
        self.rules = rules
        self.cors = cors
        self.allowedNetworks = allowedNetworks
        self.isPrivate = isPrivate
        self.maintenance = maintenance
        self.keyRotation = keyRotation
        self.fallback = fallback
        self.mirrorTraffic = mirrorTraffic
        self.routing = routing
        self.capture = capture
    }
}

/// How callers prove who they are.
package enum AuthMode: String, Sendable, Hashable, CaseIterable {
    case key
    /// A token of a trusted issuer, or of the built-in one.
    case aadToken = "aad_token"
    /// A short-lived token that the gateway issued for the endpoint.
    case amlToken = "aml_token"
    /// Not at all.
    case none
}
