import Curl
import GatewayCore
import Logging
import Synchronization

@testable import GatewayTokens

/// A token service with one trusted issuer, whose keys a server on loopback publishes.
struct Stage: Sendable {
    static let now: Int64 = 1_800_000_000
    static let issuer = "https://login.test/tenant-a/v2.0"
    static let audience = "api://gateway"
    static let directory = "11111111-2222-3333-4444-555555555555"
    static let curl = CurlClient(logger: Logger(label: "test"))
    static let holder = VerifiedToken.TenantIssuer(tenant: "demo", name: "entra")

    let server: KeyServer
    let clock = TestClock()
    let service: TokenService
    let rsa: TestKey
    let ec = TestKey.ec()

    init(builtIn: BuiltInIssuer? = nil, rsa: TestKey? = nil, trusts: (KeyServer) -> [TrustedIssuer]? = { _ in nil })
        async throws
    {
        let server = try await KeyServer()
        let clock = self.clock
        self.server = server
        self.rsa = try rsa ?? .rsa()
        service = TokenService(
            curl: Self.curl,
            builtIn: builtIn,
            plainHTTP: try PlainHTTPRule(["127.0.0.1:\(server.port)", "localhost:\(server.port)"]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            uptime: { clock.now }
        )
        try publish()
        service.update(issuers: trusts(server) ?? [Self.trusted(server)])
    }

    static func trusted(_ server: KeyServer, tenant: String = "demo", keys: String = "/keys") -> TrustedIssuer {
        TrustedIssuer(
            tenant: tenant,
            name: "entra",
            issuers: [issuer, "https://sts.test/tenant-a/"],
            audiences: [audience],
            directoryID: directory,
            keysURL: server.url(keys)
        )
    }

    /// Makes the server publish these keys, or the issuer's two.
    func publish(_ keys: [String]? = nil, at path: String = "/keys", cacheControl: String? = nil) throws {
        let keys = try keys ?? [rsa.jwk("rsa-1"), ec.jwk("ec-1")]
        server.set(path, .json(#"{"keys":[\#(keys.joined(separator: ","))]}"#, cacheControl: cacheControl))
    }

    static let header = Members([("alg", #""RS256""#), ("typ", #""JWT""#), ("kid", #""rsa-1""#)])
    static let claims = Members([
        ("iss", #""\#(issuer)""#), ("aud", #""\#(audience)""#), ("tid", #""\#(directory)""#), ("sub", #""user-1""#),
        ("oid", #""o-1""#), ("iat", "\(now - 10)"), ("nbf", "\(now - 10)"), ("exp", "\(now + 3600)"),
    ])

    func token(_ claims: Members = Stage.claims, header: Members = Stage.header, key: TestKey? = nil) throws -> String {
        try Forge.token(header: header.json, payload: claims.json, key: key ?? rsa)
    }

    func verify(_ token: String, now: Int64 = Stage.now) async -> Result<VerifiedToken, TokenRefusal> {
        await service.verify(token, now: now)
    }

    /// Why a token is refused; `nil` when it is not.
    func refusal(of token: String, now: Int64 = Stage.now) async -> TokenRefusal? {
        switch await verify(token, now: now) {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    /// Lets the background refresh come by, and waits for what it began.
    func refresh() async {
        service.refreshDue()
        await service.idle()
    }
}

/// A monotonic clock that only the test moves.
final class TestClock: Sendable {
    private let time = Mutex(Duration.seconds(1000))

    var now: Duration { time.withLock { $0 } }

    func advance(_ duration: Duration) {
        time.withLock { $0 += duration }
    }
}
