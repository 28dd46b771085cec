import GatewayCore
import NIOHTTP1

/// How long the body of a message is.
enum BodyLength: Equatable {
    case none
    case length(Int)
    case chunked
}

/// The protocol a request came over.
enum HTTPVersionKind {
    case http1
    case http2
}

/// The credentials of a request as sent; telling whether they open anything is not done here.
struct RequestCredentials: Equatable {
    /// The value of Authorization, scheme included.
    private(set) var authorization: String?
    /// What follows `Bearer` in Authorization.
    private(set) var bearer: String?
    /// The first of api-key, x-api-key and Ocp-Apim-Subscription-Key.
    private(set) var apiKey: String?
    /// Two credentials were sent that are not the same (K-4).
    private(set) var hasConflict = false

    mutating func add(authorization value: String) {
        if let authorization {
            hasConflict = hasConflict || authorization != value
            return
        }
        authorization = value
        bearer = value.bearerToken
        if let apiKey { hasConflict = hasConflict || apiKey != bearer }
    }

    mutating func add(apiKey value: String) {
        if let apiKey {
            hasConflict = hasConflict || apiKey != value
            return
        }
        apiKey = value
        if authorization != nil { hasConflict = hasConflict || bearer != value }
    }
}

extension String {
    /// What follows the scheme `Bearer`, whatever its letter case (RFC 9110 11.1).
    fileprivate var bearerToken: String? {
        let scheme = utf8.prefix(7)
        guard scheme.count == 7, scheme.last == 0x20 else { return nil }
        guard zip(scheme, "bearer ".utf8).allSatisfy({ $0.lowercased == $1 }) else { return nil }
        return String(Substring(utf8.dropFirst(7).drop { $0 == 0x20 }))
    }
}

/// A request whose head keeps every rule: what the gateway decides on, and the headers that may go upstream.
struct CheckedRequest {
    let method: HTTPMethod
    /// The path with dot segments resolved and unreserved escapes decoded: the bytes to route, authorise and forward (H1-14).
    let path: String
    /// What follows the first `?`, unchanged.
    let query: String?
    /// The host in lower case without its port; empty only on HTTP/1.0.
    let host: String
    /// Host and port as the client gave them.
    let authority: String
    let body: BodyLength
    let expectsContinue: Bool
    let credentials: RequestCredentials
    let pinnedDeployment: String?
    let tenant: String?
    let requestID: String?
    let contentType: String?
    let origin: String?
    let preflight: CORSPreflight?
    /// The client offers another protocol: nothing behind this request is read, so the connection closes behind the answer.
    let isUpgrade: Bool
    /// The names that Connection lists, in lower case, without close, keep-alive, upgrade and te.
    let connectionOptions: [String]
    let acceptsKeepAlive: Bool
    let acceptsTrailers: Bool
    /// The client says beforehand that trailers follow its body (RFC 9110 6.6.2).
    let announcesTrailers: Bool
    /// The client's headers that may go upstream, in order; Host, framing and forwarding headers are the gateway's to add.
    let forwardable: HTTPHeaders
}
