import GatewayCore
import GatewayStore
import Logging
import ServiceLifecycle

/// Tells tenants' webhooks, and the log, ahead of time of what expires.
struct ExpiryWatch: Service {
    private static let interval = Duration.seconds(60)

    /// What ends before a time in seconds since 1970, everything of these kinds.
    let expiries: @Sendable (_ before: Int64) -> [Expiry]
    let kinds: Set<Expiry.Kind>
    let webhooks: @Sendable () -> [WebhookDefinition]
    let store: WebhookStore
    let outbox: WebhookOutbox
    var now: WebhookService.Clock = WebhookService.systemClock
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await check()
                } catch {
                    logger.error("expiries are not told", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Tells what is new; what was told is written down together with its deliveries.
    func check() async throws(StoreError) {
        let time = now()
        let told = try await told()
        let found = expiries(time / 1000 + ExpiryRule.horizon).map { (Place($0), $0) }
        let current = Dictionary(found) { first, _ in first }
        var news: [(expiry: Expiry, notice: WebhookNotice)] = []
        for (place, expiry) in current {
            guard let notice = ExpiryRule.notice(of: expiry, told: told[place], now: time / 1000) else {
                continue
            }
            news.append((expiry, notice))
        }
        try await tell(news, at: time)
        let stale = told.filter { $0.value.expiresAt != current[$0.key]?.expiresAt }
        if !stale.isEmpty { try await store.forget(Array(stale.values)) }
    }

    /// What an expiry is known by, whenever it may come.
    private struct Place: Hashable {
        let tenant: String
        let subject: String

        init(_ expiry: Expiry) {
            (tenant, subject) = (expiry.tenant, expiry.subject)
        }

        init(_ notice: WebhookNotice) {
            (tenant, subject) = (notice.tenant, notice.subject)
        }
    }

    private func told() async throws(StoreError) -> [Place: WebhookNotice] {
        let own = try await store.notices().filter { notice in
            kinds.contains { notice.subject.hasPrefix("\($0.rawValue)/") }
        }
        return Dictionary(own.map { (Place($0), $0) }) { first, _ in first }
    }

    private func tell(_ news: [(expiry: Expiry, notice: WebhookNotice)], at time: Int64)
        async throws(StoreError)
    {
        guard !news.isEmpty else { return }
        try await store.add(
            news.map { $0.expiry.event($0.notice, now: time) },
            to: webhooks(),
            remembering: news.map(\.notice),
            now: time
        )
        outbox.wake()
        for (expiry, notice) in news {
            logger.warning(
                notice.days == 0 ? "expired" : "expires within days",
                metadata: [
                    "tenant": "\(expiry.tenant)", "what": "\(expiry.subject)", "days": "\(notice.days)",
                ]
            )
        }
    }
}

extension ExpiryWatch {
    /// Named keys and principals' secrets.
    static func keys(
        definitions: @escaping @Sendable () -> Definitions,
        store: WebhookStore,
        outbox: WebhookOutbox,
        now: @escaping WebhookService.Clock = WebhookService.systemClock,
        logger: Logger
    ) -> ExpiryWatch {
        ExpiryWatch(
            expiries: { Expiry.keys(of: definitions(), before: $0) },
            kinds: [.key, .principalSecret],
            webhooks: { definitions().webhooks },
            store: store,
            outbox: outbox,
            now: now,
            logger: logger
        )
    }

    /// Certificates of the gateway's hosts.
    static func certificates(
        _ certificates: @escaping @Sendable () -> [HostCertificate],
        definitions: @escaping @Sendable () -> Definitions,
        store: WebhookStore,
        outbox: WebhookOutbox,
        now: @escaping WebhookService.Clock = WebhookService.systemClock,
        logger: Logger
    ) -> ExpiryWatch {
        ExpiryWatch(
            expiries: { Expiry.certificates(certificates(), of: definitions(), before: $0) },
            kinds: [.certificate],
            webhooks: { definitions().webhooks },
            store: store,
            outbox: outbox,
            now: now,
            logger: logger
        )
    }
}
