/// One way to serve an endpoint, as an admin described it.
package struct DeploymentDefinition: Sendable, Equatable {
    package var tenant: String
    package var endpoint: String
    package var name: String
    package var description: String
    package var serving: Serving
    package var settings: RequestSettings
    package var model: ModelReference?
    /// Kept and shown, without a meaning of their own here (Azure's VM size and the like).
    package var instanceType: String?
    package var environmentVariables: [String: String]
    package var tags: [String: String]
    package var properties: [String: String]
    package var rules: UsageRules
    package var price: Price?
    /// `nil` = `standardLiveness`, and Azure's defaults.
    package var liveness: ProbeSettings?
    package var readiness: ProbeSettings?
    /// `egress_public_network_access: disabled`: its upstreams have private addresses only.
    package var isEgressPrivate: Bool
    /// `nil` = the endpoint's.
    package var capture: CaptureRule?

    package init(
        tenant: String,
        endpoint: String,
        name: String,
        description: String = "",
        serving: Serving,
        settings: RequestSettings = RequestSettings(),
        model: ModelReference? = nil,
        instanceType: String? = nil,
        environmentVariables: [String: String] = [:],
        tags: [String: String] = [:],
        properties: [String: String] = [:],
        rules: UsageRules = .none,
        price: Price? = nil,
        liveness: ProbeSettings? = nil,
        readiness: ProbeSettings? = nil,
        isEgressPrivate: Bool = false,
        capture: CaptureRule? = nil
    ) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.name = name
        self.description = description
        self.serving = serving
        self.settings = settings
        self.model = model
        self.instanceType = instanceType
        self.environmentVariables = environmentVariables
        self.tags = tags
        self.properties = properties
        self.rules = rules
        self.price = price
        self.liveness = liveness
        self.readiness = readiness
        self.isEgressPrivate = isEgressPrivate
        self.capture = capture
    }

    /// The liveness probe of one that sets none: Azure's defaults, but for workers.
    package var standardLiveness: ProbeSettings {
        if case .native = serving { return .ofWorkers }
        return ProbeSettings()
    }
}

/// What stands behind a deployment.
package enum Serving: Sendable, Equatable {
    case upstream(UpstreamDefinition)
    case native(NativeDefinition)
}

/// URLs somewhere else that serve a deployment.
package struct UpstreamDefinition: Sendable, Equatable {
    /// One instance each: `http://host:port/base`, `https://host/base` or `unix:/path/of.sock`.
    package var urls: [String]
    /// Of the URLs, those that the tenant's own operators named; the store says which.
    package var tenantURLs: [String] = []
    /// The model name that the upstream itself uses; put into the body's `model` on the way.
    package var model: String?
    /// Added to every request after the caller's credential was removed.
    ///
    /// Values may hold `${env:NAME}`, `${file:PATH}` and `${secret:NAME}`.
    package var headers: [UpstreamHeader]
    /// PEM file with the CA that the upstream's certificate must chain to; `nil` = the system's.
    package var certificateAuthority: String?
    package var probe: ProbePaths
    /// `nil` leaves paths as they are.
    package var path: PathRewrite?
    /// Of the caller's headers, those that the upstream does not get.
    package var removedHeaders: [String]

    package init(
        urls: [String],
        model: String? = nil,
        headers: [UpstreamHeader] = [],
        certificateAuthority: String? = nil,
        probe: ProbePaths = ProbePaths(),
        path: PathRewrite? = nil,
        removedHeaders: [String] = []
    ) {
        self.urls = urls
        self.model = model
        self.headers = headers
        self.certificateAuthority = certificateAuthority
        self.probe = probe
        self.path = path
        self.removedHeaders = removedHeaders
    }
}

/// A header that the gateway adds for an upstream.
package struct UpstreamHeader: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How the embedded pool runs a deployment's model.
package struct NativeDefinition: Sendable, Equatable {
    // What a worker takes.
    package static let slotRange = 1...64
    package static let contextRange = 16...4_194_304
    package static let threadRange = 0...256
    package static let startRange = 1...86_400
    package static let memoryRange = 16...16_777_216

    package var engine: String
    /// Requests that one instance runs at once.
    package var slots: Int
    /// Context length per slot in tokens; 0 = the model's own, capped by the worker.
    package var context: Int
    /// Threads of one instance; 0 = chosen for this machine.
    package var threads: Int
    package var scale = InstanceScale()
    /// Within which an instance has to be ready after its start.
    package var startSeconds = 600
    /// Resident MiB at which an instance is ended; `nil` = no bound.
    package var memoryMegabytes: Int?

    package init(engine: String = "llama", slots: Int = 4, context: Int = 0, threads: Int = 0) {
        self.engine = engine
        self.slots = slots
        self.context = context
        self.threads = threads
    }
}

/// How many instances of a native deployment there are, and when.
package struct InstanceScale: Sendable, Equatable {
    package static let leastRange = 0...64
    package static let mostRange = 1...64
    package static let idleRange = 1...604_800
    package static let targetRange = 1...1024

    /// Instances that are always there; 0: the last one stops when nobody has asked for a while.
    package var least: Int
    package var most: Int
    /// How long fewer instances must have been enough before one is stopped.
    package var idleSeconds: Int
    /// Requests per instance, those that wait included, above which one more is started; `nil` = as many as it takes.
    package var targetRequests: Int?

    package init(least: Int = 1, most: Int? = nil, idleSeconds: Int = 300, targetRequests: Int? = nil) {
        self.least = least
        self.most = most ?? max(1, least)
        self.idleSeconds = idleSeconds
        self.targetRequests = targetRequests
    }
}

/// Azure's request settings; what is `nil` takes the default of DESIGN §3.
package struct RequestSettings: Sendable, Equatable {
    package static let defaultTimeoutMilliseconds = 5000
    package static let defaultQueueWaitMilliseconds = 500

    package var timeoutMilliseconds: Int?
    /// `max_concurrent_requests_per_instance`; `nil` = no cap on upstreams, the worker's slots on native deployments.
    package var maxConcurrent: Int?
    /// `max_queue_wait_ms`: how long a request waits for an instance that has as many as it may.
    package var queueWaitMilliseconds: Int?

    package init(
        timeoutMilliseconds: Int? = nil,
        maxConcurrent: Int? = nil,
        queueWaitMilliseconds: Int? = nil
    ) {
        self.timeoutMilliseconds = timeoutMilliseconds
        self.maxConcurrent = maxConcurrent
        self.queueWaitMilliseconds = queueWaitMilliseconds
    }

    /// Bounds the whole answer, or the time to the first byte of an event stream.
    package var timeout: Duration { .milliseconds(timeoutMilliseconds ?? Self.defaultTimeoutMilliseconds) }

    package var queueWait: Duration { .milliseconds(queueWaitMilliseconds ?? Self.defaultQueueWaitMilliseconds) }
}

extension DeploymentDefinition {
    /// How many requests one instance may have at once; `nil` = no cap.
    package var concurrencyLimit: Int? {
        if let limit = settings.maxConcurrent { return limit }
        guard case .native(let native) = serving else { return nil }
        return native.slots
    }
}
