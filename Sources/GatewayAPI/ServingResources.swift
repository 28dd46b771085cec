/// URLs somewhere else that serve a deployment.
package struct UpstreamResource: Codable, Sendable, Equatable {
    package var urls: [String]
    package var model: String?
    package var headers: [String: String]
    /// PEM file, on the gateway's machine, of the CA that the upstream's certificate must chain to.
    package var ca: String?
    package var probe: ProbePathsResource?
    package var path: PathResource?
    /// Of the caller's headers, those that the upstream does not get.
    package var removeHeaders: [String]

    package init(
        urls: [String],
        model: String? = nil,
        headers: [String: String] = [:],
        ca: String? = nil,
        probe: ProbePathsResource? = nil,
        path: PathResource? = nil,
        removeHeaders: [String] = []
    ) {
        self.urls = urls
        self.model = model
        self.headers = headers
        self.ca = ca
        self.probe = probe
        self.path = path
        self.removeHeaders = removeHeaders
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case urls
        case model
        case headers
        case ca
        case probe
        case path
        case removeHeaders
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            urls: try members.decode([String].self, forKey: .urls),
            model: try members.decodeIfPresent(String.self, forKey: .model),
            headers: try members.decodeIfPresent([String: String].self, forKey: .headers) ?? [:],
            ca: try members.decodeIfPresent(String.self, forKey: .ca),
            probe: try members.value(.probe),
            path: try members.value(.path),
            removeHeaders: try members.value(.removeHeaders, or: [])
        )
    }
}

/// How the embedded pool runs a deployment's model; what is left out takes the default.
package struct NativeResource: Codable, Sendable, Equatable {
    package var engine: String?
    package var slots: Int?
    package var context: Int?
    package var threads: Int?
    package var minInstances: Int?
    package var maxInstances: Int?
    package var idleSeconds: Int?
    /// Requests per instance above which one more is started.
    package var targetRequests: Int?
    /// Within which an instance has to be ready after its start.
    package var startSeconds: Int?
    /// Resident MiB at which an instance is ended.
    package var memoryMb: Int?

    package init(engine: String? = nil, slots: Int? = nil, context: Int? = nil, threads: Int? = nil) {
        self.engine = engine
        self.slots = slots
        self.context = context
        self.threads = threads
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case engine
        case slots
        case context
        case threads
        case minInstances
        case maxInstances
        case idleSeconds
        case targetRequests
        case startSeconds
        case memoryMb
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            engine: try members.decodeIfPresent(String.self, forKey: .engine),
            slots: try members.decodeIfPresent(Int.self, forKey: .slots),
            context: try members.decodeIfPresent(Int.self, forKey: .context),
            threads: try members.decodeIfPresent(Int.self, forKey: .threads)
        )
        minInstances = try members.value(.minInstances)
        maxInstances = try members.value(.maxInstances)
        idleSeconds = try members.value(.idleSeconds)
        targetRequests = try members.value(.targetRequests)
        startSeconds = try members.value(.startSeconds)
        memoryMb = try members.value(.memoryMb)
    }
}
