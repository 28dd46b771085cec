package import Curl
package import GatewayCore
package import Logging
import Synchronization

/// Verifies bearer tokens of the issuers that tenants trust and of the built-in one; keeps the issuers' keys fresh.
///
/// A key only counts for the tenants that named the place it came from: two tenants may trust the same `iss`, and
/// neither can make the other take its keys.
package final class TokenService: Sendable {
    private let builtIn: BuiltInIssuer?
    private let fetcher: KeyFetcher
    private let networks: TenantNetworks
    private let uptime: @Sendable () -> Duration
    private let onChange: @Sendable () -> Void
    private let logger: Logger
    private let table = Mutex(IssuerTable.empty)

    private static let tick = Duration.seconds(1)
    /// How long a result counts, in seconds, while the keys of some tenant that trusts the issuer were not there.
    private static let provisional: Int64 = 60

    /// - Parameters:
    ///   - networks: the private ones of which tenants may name issuers.
    ///   - onChange: called when a key of an issuer has gone or changed: what was verified before may rest on it.
    package init(
        curl: CurlClient,
        builtIn: BuiltInIssuer?,
        plainHTTP: PlainHTTPRule = .none,
        networks: TenantNetworks = TenantNetworks(),
        logger: Logger,
        authority: CurlRequest.CertificateAuthority = .system,
        uptime: @escaping @Sendable () -> Duration = TokenService.uptime,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        self.builtIn = builtIn
        fetcher = KeyFetcher(curl: curl, plainHTTP: plainHTTP, authority: authority)
        self.networks = networks
        self.uptime = uptime
        self.onChange = onChange
        self.logger = logger
    }

    private static let started = ContinuousClock.now

    /// Of the monotonic clock: a stepped wall clock refreshes nothing and opens no cooldown.
    package static func uptime() -> Duration { ContinuousClock.now - started }

    /// Call at the start and at each change of configuration; keys of issuers that stay are kept.
    package func update(issuers: [TrustedIssuer]) {
        table.withLock { table in
            table = IssuerTable(issuers, networks: networks, keeping: table.sources) { location in
                KeySource(location: location, fetcher: fetcher, uptime: uptime, onChange: onChange, logger: logger)
            }
        }
    }

    /// Fetches keys when they are due, until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            refreshDue()
            try? await Task.sleep(for: Self.tick)
        }
    }

    func refreshDue() {
        for source in table.withLock({ $0.sources.values }) { source.refreshIfDue() }
    }

    /// Waits for the fetches that are under way.
    func idle() async {
        for source in table.withLock({ $0.sources.values }) { await source.idle() }
    }

    /// Says who a token is of, at a time in seconds since 1970.
    ///
    /// Waits for the network, 5 s at most, only when the issuer's keys lack the token's and no fetch was begun for that
    /// reason in the last 30 s.
    package func verify(_ token: String, now: Int64) async -> Result<VerifiedToken, TokenRefusal> {
        do throws(TokenRefusal) {
            return .success(try await check(token, now))
        } catch {
            return .failure(error)
        }
    }

    private func check(_ text: String, _ now: Int64) async throws(TokenRefusal) -> VerifiedToken {
        let token = try SignedToken(text)
        try token.claims.checkTime(at: now)
        if let builtIn, let tenant = builtIn.tenant(ofIssuer: token.claims.issuer) {
            return try builtIn.verify(token, tenant: tenant)
        }
        let rules = try table.withLock { $0 }.rules(for: token.claims)
        let round = KeyRound(token: token, rules: rules)
        guard round.accepted.isEmpty else {
            // The others' keys come without anybody waiting for them.
            for source in round.missing { _ = source.refreshForToken() }
            return verified(token, round, at: now)
        }
        guard !round.missing.isEmpty else { throw round.refusal }
        let second = await KeyRound.afterRefresh(of: round.missing, token: token, rules: rules)
        guard !second.accepted.isEmpty else { throw second.refusal }
        return verified(token, second, at: now)
    }

    private func verified(_ token: SignedToken, _ round: KeyRound, at now: Int64) -> VerifiedToken {
        var verified = token.claims.verified(.trusted(round.accepted))
        if !round.missing.isEmpty { verified.expiresAt = min(verified.expiresAt, now + Self.provisional) }
        return verified
    }
}
