/// An endpoint, as the admin API shows and takes it.
package struct EndpointResource: Codable, Sendable, Equatable {
    /// In a PUT it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    package var description: String
    /// Azure's one word for `authModes`.
    package private(set) var authMode: String
    /// `key`, `aad_token`, `aml_token`, or `none` by itself.
    package var authModes: [String] {
        didSet { authMode = AuthModes.word(of: authModes) }
    }
    /// Whether calls without a credential are meant: needed for `none`.
    package var `public`: Bool
    package var traffic: [String: Int]
    package var modelNames: [String]
    package var hosts: [String]
    package var tags: [String: String]
    package var properties: [String: String]
    package var limits: [LimitResource]
    package var quotas: [QuotaResource]
    /// Left out, the tenant's.
    package var cors: CORSResource?
    /// CIDR; empty = everywhere.
    package var allowedNetworks: [String]
    /// `enabled`, or `disabled`: only private networks may call.
    package var publicNetworkAccess: String
    /// Left out of a PUT, it stays as it is.
    package var maintenance: MaintenanceResource?
    package var keyRotation: KeyRotationResource?
    package var fallback: FallbackResource?
    /// Per cent of the requests that deployments without traffic get copies of.
    package var mirrorTraffic: [String: Int]
    /// Asked in this order, before the split.
    package var canary: [CanaryResource]
    package var sticky: StickyResource?
    package var versions: VersionsResource?
    /// For deployments without a rule of their own; left out: nothing is kept.
    package var capture: CaptureResource?
    /// How the last change of it stands: `Creating`, `Updating`, `Deleting`, `Succeeded` or `Failed`; only in answers.
    package var provisioningState: String?
    /// Where applications call; only in answers.
    package var scoringUri: String?

    package init(
        tenant: String,
        name: String,
        description: String = "",
        authModes: [String] = ["key"],
        traffic: [String: Int] = [:],
        modelNames: [String] = [],
        hosts: [String] = [],
        tags: [String: String] = [:],
        properties: [String: String] = [:],
        scoringUri: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.description = description
        authMode = AuthModes.word(of: authModes)
        self.authModes = authModes
        self.public = false
        self.traffic = traffic
        self.modelNames = modelNames
        self.hosts = hosts
        self.tags = tags
        self.properties = properties
        limits = []
        quotas = []
        allowedNetworks = []
        publicNetworkAccess = "enabled"
        mirrorTraffic = [:]
        canary = []
        self.scoringUri = scoringUri
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case description
        case authMode
        case authModes
        case `public`
        case traffic
        case modelNames
        case hosts
        case tags
        case properties
        case limits = "rateLimits"
        case quotas
        case cors
        case allowedNetworks
        case publicNetworkAccess
        case maintenance
        case keyRotation
        case fallback
        case mirrorTraffic
        case canary
        case sticky
        case versions
        case capture
        case provisioningState
        case scoringUri
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.value(.tenant, or: ""),
            name: try members.value(.name, or: ""),
            description: try members.value(.description, or: ""),
            authModes: try AuthModes.decode(members, one: .authMode, several: .authModes),
            traffic: try members.value(.traffic, or: [:]),
            modelNames: try members.value(.modelNames, or: []),
            hosts: try members.value(.hosts, or: []),
            tags: try members.value(.tags, or: [:]),
            properties: try members.value(.properties, or: [:]),
            scoringUri: try members.value(.scoringUri)
        )
        self.public = try members.value(.public, or: false)
        limits = try members.value(.limits, or: [])
        quotas = try members.value(.quotas, or: [])
        cors = try members.value(.cors)
        allowedNetworks = try members.value(.allowedNetworks, or: [])
        publicNetworkAccess = try members.value(.publicNetworkAccess, or: "enabled")
        maintenance = try members.value(.maintenance)
        keyRotation = try members.value(.keyRotation)
        fallback = try members.value(.fallback)
        mirrorTraffic = try members.value(.mirrorTraffic, or: [:])
        canary = try members.value(.canary, or: [])
        sticky = try members.value(.sticky)
        versions = try members.value(.versions)
        capture = try members.value(.capture)
        provisioningState = try members.value(.provisioningState)
    }
}
