import Curl
import Foundation
import GatewayAdmin
import GatewayCore
import GatewayProxy
import GatewayStore
import GatewayTokens
import Logging
import Synchronization

/// The gateway's belief in tokens: the built-in issuer, the issuers that tenants trust, and what was verified already.
final class TokenTrust: Sendable {
    private static let signingKeys = "signing-keys"

    let cache = TokenCache()
    let service: TokenService
    private let flights = SingleFlight<VerifiedToken?>()
    private let issuer: BuiltInIssuer
    private let known = Mutex<(issuers: [TrustedIssuer], principals: [Principal])>(([], []))

    init(store: Store, publicURL: String, adminURL: String, curl: CurlClient, plainHTTP: PlainHTTPRule, logger: Logger)
        async throws
    {
        issuer = try await BuiltInIssuer(publicURL: publicURL, keys: try Self.loadKeys(store), audiences: [adminURL])
        service = TokenService(
            curl: curl,
            builtIn: issuer,
            plainHTTP: plainHTTP,
            networks: store.networks,
            logger: logger,
            onChange: { [cache] in cache.removeAll() }
        )
        update(store.definitions)
    }

    /// Takes over what the configuration says now; tokens that were believed for another reason are verified anew.
    func update(_ definitions: Definitions) {
        let isChanged = known.withLock { known in
            guard known.issuers != definitions.issuers || known.principals != definitions.principals else {
                return false
            }
            known = (definitions.issuers, definitions.principals)
            return true
        }
        guard isChanged else { return }
        service.update(issuers: definitions.issuers)
        issuer.update(principals: definitions.principals)
        cache.removeAll()
    }

    /// Puts a new signing key in front when the one in use is older than this many seconds.
    func rotateKeys(olderThan age: Int64, in store: Store) async throws {
        let keys = try Self.loadKeys(store)
        let now = Self.now()
        guard now - keys.newestCreatedAt >= age else { return }
        let rotated = keys.rotated(at: now)
        try Self.save(rotated, store)
        try await issuer.update(keys: rotated)
    }

    /// What exchanges ask.
    var authority: TokenAuthority {
        TokenAuthority(
            verify: { [service, flights, cache] text in
                // Of those who come with the same new token one verifies it, the others wait for that.
                await flights.value(of: text, generation: cache.generation) {
                    try? await service.verify(text, now: Self.now()).get()
                }
            },
            issue: { [self] wanted in await issue(wanted) },
            answer: { [issuer] call in
                let answer = await issuer.respond(
                    IssuerRequest(
                        method: call.method,
                        path: call.path,
                        contentType: call.contentType,
                        authorization: call.authorization,
                        host: call.host,
                        body: call.body
                    )
                )
                return TokenAuthority.Answer(status: answer.status, headers: answer.headers, body: answer.body)
            }
        )
    }

    /// Whose token this is, when it is one to administer with.
    func verifyOperator(_ text: String) async -> VerifiedToken? {
        let found = try? await service.verify(text, now: Self.now()).get()
        return found.flatMap { issuer.administers($0) ? $0 : nil }
    }

    /// The same issuer on the admin listener.
    func answer(_ request: IssuerHTTPRequest) async -> IssuerHTTPAnswer {
        let answer = await issuer.respond(
            IssuerRequest(
                method: request.method,
                path: request.path,
                contentType: request.contentType,
                authorization: request.authorization,
                host: request.host ?? "",
                body: request.body
            )
        )
        return IssuerHTTPAnswer(
            status: answer.status,
            fields: answer.headers.map { IssuerHTTPAnswer.Field(name: $0.0, value: $0.1) },
            body: answer.body
        )
    }

    /// An `aml_token` as Azure's `POST …/token` answers it (AZUREML.md §3.2).
    private func issue(_ wanted: EndpointTokenRequest) async -> TokenAuthority.Answer {
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")]
        let token = await endpointToken(
            wanted.tenant,
            wanted.endpoint,
            subject: wanted.subject,
            principal: wanted.principal
        )
        guard let token else { return TokenAuthority.Answer(status: 503, headers: headers, body: []) }
        let text =
            #"{"accessToken":"\#(token.text)","tokenType":"Bearer","expiryTimeUtc":\#(token.expiresAt),"refreshAfterTimeUtc":\#(token.refreshAt)}"#
        return TokenAuthority.Answer(status: 200, headers: headers, body: Array(text.utf8))
    }

    /// - Parameter principal: the client id of the principal that asked; the token ends with it.
    func endpointToken(
        _ tenant: String,
        _ endpoint: String,
        subject: String,
        principal: String? = nil
    ) async -> AzureDialect.EndpointToken? {
        let token = await issuer.issueEndpointToken(
            tenant: tenant,
            endpoint: endpoint,
            subject: subject,
            principal: principal,
            now: Self.now()
        )
        return token.map { token in
            AzureDialect.EndpointToken(
                text: token.text,
                expiresAt: token.expiresAt,
                refreshAt: token.expiresAt - token.lifetime / 2
            )
        }
    }

    private static func loadKeys(_ store: Store) throws -> SigningKeys {
        if let text = try store.sealedValue(signingKeys) {
            return try JSONDecoder().decode(SigningKeys.self, from: Data(text.utf8))
        }
        let keys = SigningKeys.generate(at: now())
        try save(keys, store)
        return keys
    }

    private static func save(_ keys: SigningKeys, _ store: Store) throws {
        try store.setSealedValue(signingKeys, String(decoding: try JSONEncoder().encode(keys), as: UTF8.self))
    }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970) }
}
