import Foundation
import GatewayCore
import GatewayStore
import Logging
import ServiceLifecycle
import Synchronization

/// Makes events durable and delivers them to webhooks until the gateway stops; what is not delivered by then goes on after the
/// next start.
final class WebhookService: Service {
    /// Wall clock of the deliveries, in milliseconds since 1970.
    typealias Clock = @Sendable () -> Int64

    static let systemClock: Clock = { Int64(Date().timeIntervalSince1970 * 1000) }
    private static let longestWait = Duration.seconds(5)
    private static let cleanUpInterval = Duration.seconds(60)
    private static let lastAttempts = 20

    let store: WebhookStore
    let sources: WebhookSources
    let sender: WebhookSender
    let backoff: WebhookBackoff
    let now: Clock
    let logger: Logger
    /// Tests of webhooks that run now.
    let tests = Mutex(0)
    private let outbox: WebhookOutbox
    private let slots = Mutex(DeliverySlots())

    init(
        outbox: WebhookOutbox,
        store: WebhookStore,
        sources: WebhookSources,
        sender: WebhookSender,
        backoff: WebhookBackoff = .standard,
        now: @escaping Clock = WebhookService.systemClock,
        logger: Logger
    ) {
        self.outbox = outbox
        self.store = store
        self.sources = sources
        self.sender = sender
        self.backoff = backoff
        self.now = now
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            let work = Work()
            await withDiscardingTaskGroup { group in
                // Cancelled by the next turn, and at the end.
                var timer: Task<Void, Never>?
                outbox.wake()
                for await _ in outbox.wakes {
                    timer?.cancel()
                    let wait = await turn(work, &group)
                    timer = Task { [outbox] in
                        try? await Task.sleep(for: wait)
                        if !Task.isCancelled { outbox.wake() }
                    }
                }
                timer?.cancel()
                group.cancelAll()
            }
            await saveLast(work)
        }
        await sender.shutdown()
    }

    /// Does what there is to do now.
    ///
    /// - Returns: when to look again, at the latest.
    private func turn(_ work: Work, _ group: inout DiscardingTaskGroup) async -> Duration {
        let definitions = sources.definitions()
        do throws(StoreError) {
            try await save(work, for: definitions)
            try await follow(definitions, work)
            return try await start(definitions, &group)
        } catch {
            logger.error("webhooks wait", metadata: ["reason": "\(error)"])
            return .seconds(1)
        }
    }

    /// Makes what was emitted durable.
    private func save(_ work: Work, for definitions: [WebhookDefinition]) async throws(StoreError) {
        // What the disk refused comes first; meanwhile the outbox fills up to its bound.
        if work.unsaved.isEmpty { work.take(outbox.takeAll(), logger) }
        guard !work.unsaved.isEmpty else { return }
        try await store.add(work.unsaved, to: definitions, now: now())
        work.unsaved = []
    }

    /// Drops what belongs to webhooks that are gone, and what is old.
    private func follow(_ definitions: [WebhookDefinition], _ work: Work) async throws(StoreError) {
        let known = Set(definitions.map(\.fullName))
        if known != work.known {
            try await store.keep(only: known)
            slots.withLock { $0.keep(only: known) }
            work.known = known
        }
        guard ContinuousClock.now >= work.nextCleanUp else { return }
        try await store.deleteOld(now: now())
        work.nextCleanUp = .now + Self.cleanUpInterval
    }

    private func start(
        _ definitions: [WebhookDefinition],
        _ group: inout DiscardingTaskGroup
    ) async throws(StoreError) -> Duration {
        let time = now()
        let (openings, running) = slots.withLock { slots in
            (slots.openings(for: definitions.map(\.fullName)), Set(slots.running.keys))
        }
        let due = try await store.due(openings, except: running, now: time)
        for delivery in due.deliveries where slots.withLock({ $0.take(delivery) }) {
            group.addTask { [self] in
                await deliver(delivery)
                slots.withLock { $0.release(delivery) }
                outbox.wake()
            }
        }
        return min(Self.longestWait, .milliseconds(max(1, (due.next ?? .max / 2) - time)))
    }

    /// Everything that was emitted until now; the services before this one have ended.
    private func saveLast(_ work: Work) async {
        for attempt in 1...Self.lastAttempts {
            do throws(StoreError) {
                try await save(work, for: sources.definitions())
                return try await save(work, for: sources.definitions())
            } catch {
                guard attempt == Self.lastAttempts else {
                    // The task may be cancelled already, and a sleep would then end at once.
                    await Task { try? await Task.sleep(for: .milliseconds(100)) }.value
                    continue
                }
                logger.critical(
                    "webhook events are lost",
                    metadata: ["events": "\(work.unsaved.count)", "reason": "\(error)"]
                )
            }
        }
    }
}

/// What the service remembers from one turn to the next.
private final class Work {
    var unsaved: [WebhookEvent] = []
    var known: Set<WebhookName>?
    var nextCleanUp = ContinuousClock.now

    func take(_ batch: WebhookOutbox.Batch, _ logger: Logger) {
        unsaved = batch.events
        guard batch.dropped > 0 else { return }
        logger.error(
            "webhook events were dropped: too many at once",
            metadata: ["events": "\(batch.dropped)"]
        )
    }
}
