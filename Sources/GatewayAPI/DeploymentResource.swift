/// A deployment, as the admin API shows and takes it: one of `upstream` and `native`; with neither, the gateway chooses by
/// the environment variables, `runtimes:` of its configuration, or the model's file.
///
/// One that is shown with neither has nothing that serves it.
package struct DeploymentResource: Codable, Sendable, Equatable {
    /// In a PUT it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var endpoint: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    package var description: String
    package var model: String?
    /// In place of `model`; never in answers.
    package var modelSource: ModelSourceResource?
    /// Never in answers.
    package var environment: EnvironmentResource?
    package var instanceType: String?
    package var environmentVariables: [String: String]
    package var tags: [String: String]
    package var properties: [String: String]
    package var requestSettings: RequestSettingsResource
    package var livenessProbe: ProbeResource?
    package var readinessProbe: ProbeResource?
    package var upstream: UpstreamResource?
    package var native: NativeResource?
    package var limits: [LimitResource]
    package var quotas: [QuotaResource]
    package var price: PriceResource?
    /// `enabled`, or `disabled`: the upstream's addresses are private ones.
    package var egressPublicNetworkAccess: String
    /// Left out: the endpoint's.
    package var capture: CaptureResource?
    /// How the last change of it stands: `Creating`, `Updating`, `Deleting`, `Succeeded` or `Failed`; only in answers.
    package var provisioningState: String?
    /// Why it is `Failed`; only in answers.
    package var failure: String?
    /// Whether an instance can take requests now; only in answers.
    package var isReady: Bool?
    /// Only in answers.
    package var instances: [InstanceResource]?
    /// Of a native deployment, its workers as a whole; only in answers.
    package var pool: PoolResource?
    /// Every value in force and where it came from; only in answers.
    package var effective: [EffectiveValue]?

    package init(
        tenant: String,
        endpoint: String,
        name: String,
        description: String = "",
        model: String? = nil,
        instanceType: String? = nil,
        environmentVariables: [String: String] = [:],
        tags: [String: String] = [:],
        properties: [String: String] = [:],
        requestSettings: RequestSettingsResource = RequestSettingsResource(),
        upstream: UpstreamResource? = nil,
        native: NativeResource? = nil
    ) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.name = name
        self.description = description
        self.model = model
        self.instanceType = instanceType
        self.environmentVariables = environmentVariables
        self.tags = tags
        self.properties = properties
        self.requestSettings = requestSettings
        self.upstream = upstream
        self.native = native
        limits = []
        quotas = []
        egressPublicNetworkAccess = "enabled"
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case endpoint
        case name
        case description
        case model
        case modelSource
        case environment
        case instanceType
        case environmentVariables
        case tags
        case properties
        case requestSettings
        case livenessProbe
        case readinessProbe
        case upstream
        case native
        case limits = "rateLimits"
        case quotas
        case price
        case egressPublicNetworkAccess
        case capture
        case provisioningState
        case failure
        case isReady
        case instances
        case pool
        case effective
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        let settings = try members.decodeIfPresent(RequestSettingsResource.self, forKey: .requestSettings)
        self.init(
            tenant: try members.decodeIfPresent(String.self, forKey: .tenant) ?? "",
            endpoint: try members.decodeIfPresent(String.self, forKey: .endpoint) ?? "",
            name: try members.decodeIfPresent(String.self, forKey: .name) ?? "",
            description: try members.decodeIfPresent(String.self, forKey: .description) ?? "",
            model: try members.decodeIfPresent(String.self, forKey: .model),
            instanceType: try members.decodeIfPresent(String.self, forKey: .instanceType),
            environmentVariables: try members.decodeIfPresent([String: String].self, forKey: .environmentVariables)
                ?? [:],
            tags: try members.decodeIfPresent([String: String].self, forKey: .tags) ?? [:],
            properties: try members.decodeIfPresent([String: String].self, forKey: .properties) ?? [:],
            requestSettings: settings ?? RequestSettingsResource(),
            upstream: try members.decodeIfPresent(UpstreamResource.self, forKey: .upstream),
            native: try members.decodeIfPresent(NativeResource.self, forKey: .native)
        )
        modelSource = try members.value(.modelSource)
        environment = try members.value(.environment)
        limits = try members.value(.limits, or: [])
        quotas = try members.value(.quotas, or: [])
        price = try members.value(.price)
        livenessProbe = try members.value(.livenessProbe)
        readinessProbe = try members.value(.readinessProbe)
        egressPublicNetworkAccess = try members.value(.egressPublicNetworkAccess, or: "enabled")
        capture = try members.value(.capture)
        provisioningState = try members.value(.provisioningState)
        failure = try members.value(.failure)
        isReady = try members.decodeIfPresent(Bool.self, forKey: .isReady)
        instances = try members.value(.instances)
        pool = try members.value(.pool)
        effective = try members.decodeIfPresent([EffectiveValue].self, forKey: .effective)
    }
}

/// A setting as it is in force, and whether the deployment or the default gave it.
package struct EffectiveValue: Codable, Sendable, Equatable {
    package var setting: String
    package var value: String
    package var source: String

    package init(setting: String, value: String, source: String) {
        self.setting = setting
        self.value = value
        self.source = source
    }
}

/// Azure's request settings; a member that is left out takes the default.
package struct RequestSettingsResource: Codable, Sendable, Equatable {
    package var requestTimeoutMs: Int?
    package var maxConcurrentRequestsPerInstance: Int?
    package var maxQueueWaitMs: Int?

    package init(
        requestTimeoutMs: Int? = nil,
        maxConcurrentRequestsPerInstance: Int? = nil,
        maxQueueWaitMs: Int? = nil
    ) {
        self.requestTimeoutMs = requestTimeoutMs
        self.maxConcurrentRequestsPerInstance = maxConcurrentRequestsPerInstance
        self.maxQueueWaitMs = maxQueueWaitMs
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case requestTimeoutMs
        case maxConcurrentRequestsPerInstance
        case maxQueueWaitMs
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            requestTimeoutMs: try members.value(.requestTimeoutMs),
            maxConcurrentRequestsPerInstance: try members.value(.maxConcurrentRequestsPerInstance),
            maxQueueWaitMs: try members.value(.maxQueueWaitMs)
        )
    }
}
