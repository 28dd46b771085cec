import GatewayCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The built-in issuer's URLs on the admin listener (DESIGN §3), open to everybody as an issuer's are.
struct IssuerRoutes: Sendable {
    /// A form of client credentials is far smaller.
    private static let largestBody = 64 << 10

    /// Behind `/{tenant}` or `/adfs`: the whole list of what is open.
    static let open: [(method: HTTPRequest.Method, path: String)] = [
        (.get, ".well-known/openid-configuration"),
        (.get, "v2.0/.well-known/openid-configuration"),
        (.get, "discovery/keys"),
        (.get, "discovery/v2.0/keys"),
        (.get, "v2.0/discovery/keys"),
        (.get, "v2.0/discovery/v2.0/keys"),
        (.post, "oauth2/token"),
        (.post, "oauth2/v2.0/token"),
        (.post, "v2.0/oauth2/token"),
        (.post, "v2.0/oauth2/v2.0/token"),
    ]

    let issuer: @Sendable (IssuerHTTPRequest) async -> IssuerHTTPAnswer

    /// Whether a request needs no operator's token: exactly the list above, behind what can be a tenant.
    static func isOpen(_ method: HTTPRequest.Method, _ path: String) -> Bool {
        guard path.hasPrefix("/"), let slash = path.dropFirst().firstIndex(of: "/") else { return false }
        let tenant = String(path[path.index(after: path.startIndex)..<slash])
        guard tenant.lowercased() == "adfs" || Names.isTenant(tenant) else { return false }
        let rest = path[path.index(after: slash)...]
        return open.contains { $0.method == method && $0.path == rest }
    }

    @Sendable func answer(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.largestBody)
        let answer = await issuer(
            IssuerHTTPRequest(
                method: request.method.rawValue,
                path: request.uri.path,
                contentType: request.headers[.contentType],
                authorization: request.headers[.authorization],
                host: request.head.authority,
                body: Array(body.readableBytesView),
                address: context.address
            )
        )
        var headers = HTTPFields()
        for field in answer.fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            headers.append(HTTPField(name: name, value: field.value))
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
