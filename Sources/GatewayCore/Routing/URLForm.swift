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
        let (first, afterFirst) = segment(of: head.path.utf8[...])
        let name = text(first)
        switch name {
        case "healthz" where afterFirst.isEmpty: return .service(.alive)
        case "readyz" where afterFirst.isEmpty: return .service(.ready)
        case "v1": return version1(head, rest: Substring(afterFirst))
        case "openai":
            let (second, afterSecond) = segment(of: afterFirst)
            let (endpoint, rest) = segment(of: afterSecond)
            guard text(second) == "deployments", !endpoint.isEmpty else { return .unknown }
            return .azureOpenAI(endpoint: text(endpoint), rest: text(rest))
        default:
            let (endpoint, rest) = segment(of: afterFirst)
            guard !name.isEmpty, !endpoint.isEmpty else { return .unknown }
            if isIssuer(afterFirst) { return .issuer }
            return .path(tenant: name, endpoint: text(endpoint), rest: text(rest))
        }
    }

    /// The paths below a tenant's name, or below `adfs`, that belong to the built-in issuer (AZUREML.md §1.5).
    private static func isIssuer(_ path: Substring.UTF8View) -> Bool {
        // Nearly every path ends here: these begin with `/.`, `/v2.0/`, `/oauth2/` or `/discovery/`.
        switch path.dropFirst().first {
        case UInt8(ascii: "."), UInt8(ascii: "v"), UInt8(ascii: "o"), UInt8(ascii: "d"):
            issuerPaths.contains(text(path))
        default: false
        }
    }

    private static let issuerPaths: Set<String> = [
        "/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration", "/discovery/keys",
        "/discovery/v2.0/keys", "/oauth2/token", "/oauth2/v2.0/token",
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
        guard method == "POST", rest.count > 1 else { return .unknown }
        return rest == "/messages" || rest == "/messages/count_tokens" ? .anthropic : .openAI
    }

    /// Splits `/first/rest` into `first` and `/rest`.
    ///
    /// Over bytes: slices of text are aligned to characters at every step, which took a fifth of all of admission.
    private static func segment(of path: Substring.UTF8View) -> (Substring.UTF8View, Substring.UTF8View) {
        guard path.first == UInt8(ascii: "/") else { return (path.prefix(0), path.prefix(0)) }
        let start = path.index(after: path.startIndex)
        var end = start
        while end < path.endIndex, path[end] != UInt8(ascii: "/") { path.formIndex(after: &end) }
        return (path[start..<end], path[end...])
    }

    private static func text(_ bytes: Substring.UTF8View) -> String { String(Substring(bytes)) }
}
