import Foundation

/// The issuer's URLs: discovery, keys and the token endpoint (DESIGN §3).
extension BuiltInIssuer {
    /// Whether a path, without its query, is the issuer's.
    package static func matches(path: String) -> Bool { IssuerRoute(path: path) != nil }

    /// Answers a request whose path matches; 401 means that a client failed to authenticate.
    package func respond(_ request: IssuerRequest) async -> IssuerAnswer {
        guard let route = IssuerRoute(path: request.path) else {
            return .json(404, Problem(error: "not_found", description: "There is no such document."))
        }
        switch route.document {
        case .configuration, .keys:
            guard request.method == "GET" || request.method == "HEAD" else { return .wrongMethod(allowed: "GET, HEAD") }
            let caching = [("Cache-Control", "public, max-age=300")]
            return route.document == .keys
                ? .json(200, Keys(keys: published), caching) : .json(200, configuration(route, request.host), caching)
        case .token:
            guard request.method == "POST" else { return .wrongMethod(allowed: "POST") }
            return await token(route, request)
        }
    }

    private func token(_ route: IssuerRoute, _ request: IssuerRequest) async -> IssuerAnswer {
        do throws(OAuthError) {
            let (principal, audience) = try authenticate(
                TokenRequest(request),
                as: route.authority,
                host: request.host
            )
            guard let token = await issue(to: principal, audience: audience, now: timeNow) else {
                throw OAuthError(status: 500, code: "server_error", description: "The token could not be signed.")
            }
            return .json(200, Grant(token), IssuerAnswer.unstored)
        } catch {
            var headers = IssuerAnswer.unstored
            if error.status == 401 { headers.append(("WWW-Authenticate", #"Basic realm="gatehouse""#)) }
            return .json(error.status, Problem(error: error.code, description: error.description), headers)
        }
    }

    private func configuration(_ route: IssuerRoute, _ host: String?) -> Configuration {
        let name =
            switch route.authority {
            case .tenant(let tenant): tenant
            case .adfs: "adfs"
            }
        return Configuration(issuer: issuer(of: name), base: "\(base(for: host))/\(name)")
    }

    /// Where the documents' URLs lie: the public URL, unless it is of this machine only and the client is elsewhere.
    private func base(for host: String?) -> String {
        guard let host, let own = URLAuthority(publicURL.dropFirst("https://".count)), own.host == "localhost",
            let given = URLAuthority(host)
        else { return publicURL }
        let name = given.host.contains(":") ? "[\(given.host)]" : given.host
        return "https://" + name + (given.port.map { ":\($0)" } ?? "")
    }
}

/// The members of RFC 6749 §5.1; `ext_expires_in` is Entra's.
private struct Grant: Encodable {
    let tokenType = "Bearer"
    let expiresIn: Int64
    let extExpiresIn: Int64
    let accessToken: String

    init(_ token: IssuedToken) {
        // A second less than it lives, for the way to the client; Entra does the same.
        expiresIn = token.lifetime - 1
        extExpiresIn = token.lifetime - 1
        accessToken = token.text
    }
}

/// The members of RFC 6749 §5.2.
private struct Problem: Encodable {
    let error: String
    let errorDescription: String

    init(error: String, description: String) {
        self.error = error
        errorDescription = description
    }
}

/// RFC 7517 §5.
private struct Keys: Encodable {
    let keys: [JSONWebKey]
}

/// The members of OpenID Connect Discovery §3 that clients and verifiers ask for.
private struct Configuration: Encodable {
    let issuer: String
    let authorizationEndpoint: String
    let tokenEndpoint: String
    let jwksUri: String
    let tokenEndpointAuthMethodsSupported = ["client_secret_post", "client_secret_basic"]
    let grantTypesSupported = ["client_credentials"]
    let responseTypesSupported = ["token"]
    let subjectTypesSupported = ["public"]
    let idTokenSigningAlgValuesSupported = [SignatureAlgorithm.es256.rawValue]

    init(issuer: String, base: String) {
        self.issuer = issuer
        authorizationEndpoint = base + "/oauth2/v2.0/authorize"
        tokenEndpoint = base + "/oauth2/v2.0/token"
        jwksUri = base + "/discovery/v2.0/keys"
    }
}

extension IssuerAnswer {
    /// RFC 6749 §5.1.
    fileprivate static let unstored = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]

    fileprivate static func json(_ status: Int, _ body: some Encodable, _ more: [(String, String)] = []) -> IssuerAnswer
    {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let bytes = (try? encoder.encode(body)).map(Array.init) ?? []
        return IssuerAnswer(status: status, headers: [("Content-Type", "application/json")] + more, body: bytes)
    }

    fileprivate static func wrongMethod(allowed: String) -> IssuerAnswer {
        let problem = Problem(error: "invalid_request", description: "The method must be \(allowed).")
        return .json(405, problem, [("Allow", allowed)])
    }
}
