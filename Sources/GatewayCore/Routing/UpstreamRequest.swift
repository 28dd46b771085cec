/// How a request looks to a backend: the endpoint's own part of the URL is taken off, the rest stays (DESIGN §3).
struct UpstreamRequest {
    /// Begins with a slash.
    private let relativePath: String
    let query: String?
    let isScoring: Bool
    /// `POST /{tenant}/{endpoint}/token`.
    let asksForToken: Bool
    /// Whether the body's `model` names the endpoint.
    let isRoutedByBody: Bool
    private let isCall: Bool
    /// How usage is read by the caller's own path.
    let ownUsage: UsageFormat?

    init(_ form: URLForm, head: RequestHead) {
        var query = head.query
        var isEndpointRoot = false
        switch form {
        case .path(_, _, let rest):
            relativePath = rest.isEmpty ? "/" : rest
            isEndpointRoot = true
        case .host, .ownHost:
            relativePath = head.path
            isEndpointRoot = true
        case .azureOpenAI(_, let rest):
            relativePath = "/v1" + rest
            query = Self.withoutAPIVersion(query)
        case .openAI, .anthropic, .models, .service, .issuer, .unknown:
            relativePath = head.path
        }
        self.query = query
        isScoring = isEndpointRoot && (relativePath == "/score" || relativePath.hasPrefix("/score/"))
        isCall = head.method == "POST"
        if case .path(_, _, "/token") = form { asksForToken = isCall } else { asksForToken = false }
        ownUsage = isCall ? PathReading().followed(by: relativePath).usage : nil
        switch form {
        case .openAI, .anthropic: isRoutedByBody = true
        case .path, .host, .ownHost, .azureOpenAI, .models, .service, .issuer, .unknown: isRoutedByBody = false
        }
    }

    /// The path on this deployment's instances.
    func path(on deployment: Deployment) -> String { deployment.paths.path(relativePath) }

    /// How usage is read from what this deployment's instances answer; `nil` for calls that have none.
    func usage(on deployment: Deployment) -> UsageFormat? {
        isCall ? deployment.paths.usage(of: relativePath, own: ownUsage) : nil
    }

    /// What the call may use: a token for every four bytes of the body, and what the caller wants at most.
    ///
    /// - Parameters:
    ///   - usage: of the deployment that is to answer.
    ///   - length: of the body, in bytes.
    ///   - hasOutput: whether the answer can have tokens at all.
    func demand(_ usage: UsageFormat?, _ fields: BodyFields?, length: Int?, hasOutput: Bool = true) -> Demand {
        let bytes = Int64(length ?? 0)
        guard usage != nil, usage != .other || fields != nil else { return Demand(bodyBytes: bytes) }
        return Demand(
            inputTokens: bytes / Self.bytesPerToken,
            outputTokens: usage == .other || !hasOutput ? 0 : fields?.maxTokens ?? Self.usualOutput,
            bodyBytes: bytes
        )
    }

    private static let bytesPerToken: Int64 = 4
    /// Assumed where a call does not bound its answer.
    private static let usualOutput: Int64 = 512

    private static func withoutAPIVersion(_ query: String?) -> String? {
        guard let query else { return nil }
        let kept = query.split(separator: "&").filter { !$0.hasPrefix("api-version=") }
        return kept.isEmpty ? nil : kept.joined(separator: "&")
    }
}
