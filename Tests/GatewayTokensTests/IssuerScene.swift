import Foundation
import GatewayCore
import Logging

@testable import GatewayTokens

/// A built-in issuer with one principal, and the service that believes it.
struct IssuerScene: Sendable {
    static let publicURL = "https://models.test:8443"

    let keys = SigningKeys.generate(at: Stage.now)
    let secret = KeySecret.generate().text
    let expiring = KeySecret.generate().text
    let expired = KeySecret.generate().text
    let principal: Principal
    let issuer: BuiltInIssuer
    let service: TokenService

    init(publicURL: String = IssuerScene.publicURL) async throws {
        principal = Principal(
            tenant: "demo",
            clientID: "cccccccc-1111-2222-3333-444444444444",
            name: "app",
            secrets: [
                .init(id: "old", digest: KeyDigest(of: expired), expiresAt: Stage.now),
                .init(id: "soon", digest: KeyDigest(of: expiring), expiresAt: Stage.now + 1),
                .init(id: "new", digest: KeyDigest(of: secret), expiresAt: nil),
            ]
        )
        issuer = try await BuiltInIssuer(
            publicURL: publicURL,
            keys: keys,
            audiences: ["https://admin.test:8444/"],
            now: { Stage.now }
        )
        issuer.update(principals: [principal])
        service = TokenService(
            curl: Stage.curl,
            builtIn: issuer,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func refusal(of token: String, now: Int64 = Stage.now) async -> TokenRefusal? {
        switch await service.verify(token, now: now) {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    func claims(of token: String) throws -> [String: Any] {
        let parts = token.split(separator: ".")
        let bytes = Base64URL.decode(parts[1].utf8) ?? []
        return try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
    }

    /// The form that azure-identity sends.
    func form(_ changes: [String: String?] = [:]) -> [UInt8] {
        var fields: [String: String?] = [
            "client_id": principal.clientID, "client_secret": secret, "grant_type": "client_credentials",
            "client_info": "1", "scope": "https%3A%2F%2Fml.azure.com%2F.default",
        ]
        for (name, value) in changes { fields[name] = .some(value) }
        let pairs = fields.compactMap { name, value in value.map { "\(name)=\($0)" } }
        return Array(pairs.joined(separator: "&").utf8)
    }

    func post(
        _ form: [UInt8],
        to path: String = "/demo/oauth2/v2.0/token",
        authorization: String? = nil,
        contentType: String? = "application/x-www-form-urlencoded"
    ) async -> IssuerAnswer {
        await issuer.respond(
            IssuerRequest(
                method: "POST",
                path: path,
                contentType: contentType,
                authorization: authorization,
                host: "models.test:8443",
                body: form
            )
        )
    }

    func get(_ path: String, host: String? = "models.test:8443", method: String = "GET") async
        -> IssuerAnswer
    {
        await issuer.respond(IssuerRequest(method: method, path: path, host: host))
    }
}

extension IssuerAnswer {
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    func text(_ name: String) -> String? { json[name] as? String }

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
}
