import NIOHTTP1

/// What a request line asks for.
enum Route: Equatable {
    case chat
    case completion
    case embeddings
    case scoring
    case models
    case model(String)
    case health
    case counters
    case unknown
    /// The path exists with another method.
    case wrongMethod(allowed: String)

    static func match(_ method: HTTPMethod, _ target: String) -> Route {
        let path = target.prefix { $0 != "?" }
        let (route, allowed) = route(path)
        switch (route, method) {
        case (.unknown, _): return .unknown
        case (_, .POST) where allowed == "POST": return route
        case (_, .GET) where allowed != "POST", (_, .HEAD) where allowed != "POST": return route
        default: return .wrongMethod(allowed: allowed)
        }
    }

    private static func route(_ path: Substring) -> (Route, allowed: String) {
        switch path {
        case "/v1/chat/completions": (.chat, "POST")
        case "/v1/completions": (.completion, "POST")
        case "/v1/embeddings": (.embeddings, "POST")
        case "/score": (.scoring, "POST")
        case "/v1/models": (.models, "GET, HEAD")
        case "/healthz": (.health, "GET, HEAD")
        case "/stats": (.counters, "GET, HEAD")
        default:
            if path.hasPrefix("/v1/models/") {
                (.model(String(path.dropFirst("/v1/models/".count))), "GET, HEAD")
            } else {
                (.unknown, "")
            }
        }
    }
}
