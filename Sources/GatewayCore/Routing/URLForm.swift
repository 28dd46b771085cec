/// Which of the URL forms of DESIGN §3 a request uses.
///
/// Fixed forms win over tenants' names.
package enum URLForm: Sendable {
    case service(LocalAnswer)
    /// The built-in issuer's documents and token URL.
    case issuer
    /// `/{tenant}/{endpoint}{rest}`; `rest` is empty or begins with a slash.
    case path(tenant: String, endpoint: String, rest: String)
    /// `{endpoint}.{tenant}.{domain}`.
    case host(tenant: String, endpoint: String)
    /// A host name that an endpoint has claimed.
    case ownHost(Endpoint)
    /// `POST /v1/…`, endpoint by the body's `model`.
    case openAI
    /// `POST /v1/messages`.
    case anthropic
    /// `GET /v1/models[/{id}]`.
    case models(id: String?)
    /// `/openai/deployments/{endpoint}{rest}`.
    case azureOpenAI(endpoint: String, rest: String)
    case unknown

    /// A host of an endpoint's own is served whole: what stands at its root, `/v1` and `/healthz` too, is the
    /// endpoint's.
    ///
    /// Fixed forms win over tenants' names on every other host.
    package init(of head: RequestHead, in snapshot: Snapshot) {
        if !snapshot.hosts.isEmpty, let endpoint = snapshot.hosts[head.host] {
            self = .ownHost(endpoint)
        } else if let domain = snapshot.domain, let form = URLForm.host(head.host, domain: domain) {
            self = form
        } else {
            self = URLForm.byPath(head)
        }
    }

    package var dialect: Dialect {
        switch self {
        case .openAI, .models, .azureOpenAI: .openAI
        case .anthropic: .anthropic
        case .service, .issuer, .path, .host, .ownHost, .unknown: .azure
        }
    }

    private static func host(_ host: String, domain: String) -> URLForm? {
        guard host.hasSuffix(domain) else { return nil }
        let labels = host.dropLast(domain.count).split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 3, labels[2].isEmpty, !labels[0].isEmpty, !labels[1].isEmpty else { return nil }
        return .host(tenant: String(labels[1]), endpoint: String(labels[0]))
    }

    private static func byPath(_ head: RequestHead) -> URLForm {
        let path = PathSegments(head.path)
        guard let second = path.second else {
            switch path.first {
            case "healthz": return .service(.alive)
            case "readyz": return .service(.ready)
            default: return .unknown
            }
        }
        switch path.first {
        case "v1": return version1(head, rest: Substring(head.path.utf8.dropFirst("/v1".utf8.count)))
        case "openai":
            let azure = PathSegments(path.rest)
            guard second == "deployments", !azure.first.isEmpty else { return .unknown }
            return .azureOpenAI(endpoint: azure.first, rest: azure.second.map { "/" + $0 + azure.rest } ?? "")
        default:
            guard !path.first.isEmpty, !second.isEmpty else { return .unknown }
            if isIssuer(second, path.rest) { return .issuer }
            return .path(tenant: path.first, endpoint: second, rest: path.rest)
        }
    }

    /// The paths below a tenant's name, or below `adfs`, that belong to the built-in issuer (AZUREML.md §1.5).
    private static func isIssuer(_ segment: String, _ rest: String) -> Bool {
        switch segment {
        case ".well-known", "v2.0", "discovery", "oauth2": issuerPaths.contains(segment + rest)
        default: false
        }
    }

    private static let issuerPaths: Set<String> = [
        ".well-known/openid-configuration", "v2.0/.well-known/openid-configuration", "discovery/keys",
        "discovery/v2.0/keys", "oauth2/token", "oauth2/v2.0/token",
    ]

    /// The form's name in the scope of a key; `nil` for those that no key opens.
    var name: URLFormName? {
        switch self {
        case .path: .path
        case .host, .ownHost: .host
        case .openAI, .models: .openAI
        case .anthropic: .anthropic
        case .azureOpenAI: .azureOpenAI
        case .service, .issuer, .unknown: nil
        }
    }

    private static func version1(_ head: RequestHead, rest: Substring) -> URLForm {
        // A preflight asks about the request that would follow it.
        let method = head.preflight?.method ?? head.method
        if method == "GET" || method == "HEAD" {
            if rest == "/models" { return .models(id: nil) }
            guard rest.hasPrefix("/models/") else { return .unknown }
            return .models(id: String(rest.dropFirst("/models/".count)))
        }
        guard method == "POST", rest.utf8.count > 1 else { return .unknown }
        return rest == "/messages" || rest == "/messages/count_tokens" ? .anthropic : .openAI
    }
}

/// A path as `/{first}/{second}{rest}`; `rest` is empty or begins with a slash.
///
/// Over bytes, in one pass: slices of text are slow, and this runs for every request.
private struct PathSegments {
    var first = ""
    /// `nil` where nothing, not even a slash, follows the first.
    var second: String?
    var rest = ""

    init(_ path: String) {
        path.withBytes { bytes in
            guard bytes.count > 0, bytes[0] == UInt8(ascii: "/") else { return }
            let firstEnd = Self.end(of: 1, bytes)
            first = String(bytes, 1..<firstEnd)
            guard firstEnd < bytes.count else { return }
            let secondEnd = Self.end(of: firstEnd + 1, bytes)
            second = String(bytes, firstEnd + 1..<secondEnd)
            rest = String(bytes, secondEnd..<bytes.count)
        }
    }

    private static func end(of start: Int, _ bytes: Span<UInt8>) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "/") { index += 1 }
        return index
    }
}
