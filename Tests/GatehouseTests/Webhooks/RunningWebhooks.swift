import Curl
import Foundation
import GatewayCore
import GatewayTestKit
import Logging
import Synchronization
import Testing

@testable import GatewayStore
@testable import gatehouse

/// A webhook service on a file of its own, with webhooks and a clock that a test can change.
final class RunningWebhooks: Sendable {
    static let secret = "whsec_" + Data("0123456789abcdef0123456789abcdef".utf8).base64EncodedString()

    let outbox = WebhookOutbox()
    let store: WebhookStore
    let service: WebhookService
    let log = LogLines()
    private let current: Current
    private let running: Task<Void, any Error>

    init(
        _ webhooks: [WebhookDefinition],
        path: String = FileManager.default.temporaryDirectory
            .appendingPathComponent("service-\(UUID().uuidString)/webhooks.db").path,
        backoff: WebhookBackoff = .quick,
        networks: NetworkList = .defaultAllowed,
        authority: CurlRequest.CertificateAuthority = .system,
        timeout: Duration = .patience * 2,
        ahead: Duration = .zero,
        reach: Reach = .everywhere,
        problem: Problem? = nil
    ) throws {
        let log = log
        let logger = Logger(label: "test") { _ in log }
        let current = Current(webhooks)
        self.current = current
        store = try WebhookStore(path: path)
        service = WebhookService(
            outbox: outbox,
            store: store,
            sources: WebhookSources(
                definitions: { current.value },
                target: { (name) throws(StoreError) in
                    if let problem { throw .invalid([problem]) }
                    guard let webhook = current.value.first(where: { $0.fullName == name }) else {
                        throw .notFound(resource: name.name)
                    }
                    return WebhookTarget(
                        url: webhook.url,
                        headers: webhook.headers,
                        secret: Self.secret,
                        reach: reach
                    )
                }
            ),
            sender: WebhookSender(networks: networks, authority: authority, timeout: timeout, logger: logger),
            backoff: backoff,
            now: { WebhookService.systemClock() + ahead.milliseconds },
            logger: logger
        )
        running = Task { [service] in try await service.run() }
    }

    deinit { running.cancel() }

    /// What runs is cut off, nothing more is written of it; ends when the service has ended.
    func stop() async {
        running.cancel()
        _ = await running.result
    }

    func change(_ webhooks: [WebhookDefinition]) {
        current.change(webhooks)
        outbox.wake()
    }

    @discardableResult
    func emit(_ kind: WebhookEvent.Kind = .keyExpired, tenant: String = "demo") -> WebhookEvent {
        let event = WebhookEvent(kind, tenant: tenant, time: WebhookService.systemClock(), data: ["name": "ci"])
        outbox.emit(event)
        return event
    }

    /// The delivery log once it satisfies the condition; there is no event for that, so it is asked for.
    func log(
        of name: String = "ops",
        until isReached: ([WebhookDelivery]) -> Bool
    ) async throws -> [WebhookDelivery] {
        var log: [WebhookDelivery] = []
        try await wait {
            log = try await store.deliveries(of: WebhookName(tenant: "demo", name: name))
            return isReached(log)
        }
        return log
    }
}

/// The webhooks as they are now.
private final class Current: Sendable {
    private let kept: Mutex<[WebhookDefinition]>

    init(_ webhooks: [WebhookDefinition]) { kept = Mutex(webhooks) }

    var value: [WebhookDefinition] { kept.withLock { $0 } }

    func change(_ webhooks: [WebhookDefinition]) { kept.withLock { $0 = webhooks } }
}

/// What was logged, messages and metadata.
final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}

extension WebhookBackoff {
    /// As many tries as in earnest, without the waiting.
    static let quick = WebhookBackoff(delays: Array(repeating: .milliseconds(2), count: 7), jitter: 1...1)
    /// Does not come to a second try within a test.
    static let slow = WebhookBackoff(delays: Array(repeating: .seconds(3600), count: 7), jitter: 1...1)
}
