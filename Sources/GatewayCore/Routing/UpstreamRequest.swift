/// How a request looks to a backend: the endpoint's own part of the URL is taken off, the rest stays (DESIGN §3).
struct UpstreamRequest {
    /// Begins with a slash.
    private let relativePath: String
    let query: String?
    let isScoring: Bool
    /// `POST /{tenant}/{endpoint}/token`.
    let asksForToken: Bool
    /// Whether the body must be held: its `model` routes the request, or is rewritten on the way.
    let readsBody: Bool
    let usage: UsageFormat?

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
        let isCall = head.method == "POST"
        if case .path(_, _, "/token") = form { asksForToken = isCall } else { asksForToken = false }
        usage = isCall ? Self.usage(of: relativePath) : nil
        switch form {
        case .openAI, .anthropic: readsBody = true
        case .path, .host, .ownHost, .azureOpenAI: readsBody = usage != nil && BodyFields.isReadable(head.contentType)
        case .models, .service, .issuer, .unknown: readsBody = false
        }
    }

    /// The path on this deployment's instances: the embedded pool takes chat bodies on `/score` too.
    func path(on deployment: Deployment) -> String {
        if let rewrite = deployment.path { return rewrite.rewrite(relativePath) }
        return deployment.isNative && relativePath == "/score" ? "/v1/chat/completions" : relativePath
    }

    /// What the call may use: a token for every four bytes of the body, and what the caller wants at most.
    ///
    /// - Parameter length: of the body, in bytes.
    func demand(_ fields: BodyFields?, length: Int?) -> Demand {
        let bytes = Int64(length ?? 0)
        guard usage != nil, usage != .other || fields != nil else { return Demand(bodyBytes: bytes) }
        return Demand(
            inputTokens: bytes / Self.bytesPerToken,
            outputTokens: usage == .other ? 0 : fields?.maxTokens ?? Self.usualOutput,
            bodyBytes: bytes
        )
    }

    private static let bytesPerToken: Int64 = 4
    /// Assumed where a call does not bound its answer.
    private static let usualOutput: Int64 = 512

    private static func usage(of path: String) -> UsageFormat? {
        guard path.hasPrefix("/v1/") else { return nil }
        switch path {
        case "/v1/messages", "/v1/messages/count_tokens": return .anthropic
        case "/v1/chat/completions", "/v1/completions": return .openAI
        default: return .other
        }
    }

    private static func withoutAPIVersion(_ query: String?) -> String? {
        guard let query else { return nil }
        let kept = query.split(separator: "&").filter { !$0.hasPrefix("api-version=") }
        return kept.isEmpty ? nil : kept.joined(separator: "&")
    }
}
