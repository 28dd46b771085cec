import Foundation
package import GatewayCore
package import Logging
import ServiceLifecycle

/// Drains the receipt queue into SQLite until the gateway has stopped; the last service to end.
///
/// A batch that the disk refuses is kept and tried again, and nothing more is taken meanwhile: the queue fills, and at its
/// bound `Admission` refuses new requests rather than lose a receipt. What the queue dropped of others is told in the log.
package struct ReceiptWriter: Service {
    /// What `kill -9` may cost, with the time of one write on top.
    private static let interval = Duration.milliseconds(100)
    /// A batch of this size means load: the next follows sooner.
    private static let manyReceipts = 10_000
    private static let retentionInterval = Duration.seconds(1)
    private static let retentionStep = 2000
    private static let lastAttempts = 20

    private let queue: ReceiptQueue
    private let store: ReceiptStore
    private let retention: Retention
    private let logger: Logger
    private let observe: @Sendable ([Receipt]) -> Void

    /// - Parameter observe: told each batch once it is written, on the database's writer thread, where it may block.
    package init(
        queue: ReceiptQueue,
        store: ReceiptStore,
        retention: Retention = Retention(),
        logger: Logger,
        observe: @escaping @Sendable ([Receipt]) -> Void = { _ in }
    ) {
        self.queue = queue
        self.store = store
        self.retention = retention
        self.logger = logger
        self.observe = observe
    }

    package func run() async throws {
        let backlog = backlog()
        await cancelWhenGracefulShutdown {
            var nextRetention = ContinuousClock.now
            while !Task.isCancelled {
                let next = ContinuousClock.now + Self.interval
                let written = await backlog.write()
                if ContinuousClock.now >= nextRetention {
                    nextRetention = .now + Self.retentionInterval
                    await expire()
                }
                if written < Self.manyReceipts { try? await Task.sleep(until: next, clock: .continuous) }
            }
        }
        await writeLast(backlog)
    }

    /// Writes what came in behind the end of `run`: services that are cancelled end in no order.
    package func writeRest() async {
        await writeLast(backlog())
    }

    private func backlog() -> Backlog { Backlog(queue: queue, store: store, logger: logger, observe: observe) }

    /// Everything that waits now; the services before this one have ended, so nothing is added.
    private func writeLast(_ backlog: Backlog) async {
        for attempt in 1...Self.lastAttempts {
            _ = await backlog.write()
            if await backlog.isEmpty { return }
            // The task may be cancelled already, and a sleep would then end at once.
            if attempt < Self.lastAttempts { await Task { try? await Task.sleep(for: Self.interval) }.value }
        }
        let lost = await backlog.count
        logger.critical("receipts are lost: their file cannot be written", metadata: ["receipts": "\(lost)"])
    }

    private func expire() async {
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        // An error here shows in the next write as well, which says so.
        _ = try? await store.deleteExpired(retention, now: now, step: Self.retentionStep)
        _ = try? await store.deleteExpiredUsage(retention, now: now / 1_000_000, step: Self.retentionStep)
    }
}

/// The batch that is being written, kept until it is.
private actor Backlog {
    private static let quiet = Duration.seconds(60)

    private let queue: ReceiptQueue
    private let store: ReceiptStore
    private let logger: Logger
    private let observe: @Sendable ([Receipt]) -> Void
    private var batch: [Receipt] = []
    private var redaction = ReceiptRedaction()
    private var nextComplaint = ContinuousClock.now
    private var dropped = 0
    private var nextCount = ContinuousClock.now

    init(
        queue: ReceiptQueue,
        store: ReceiptStore,
        logger: Logger,
        observe: @escaping @Sendable ([Receipt]) -> Void
    ) {
        self.queue = queue
        self.store = store
        self.logger = logger
        self.observe = observe
    }

    /// Whether nothing waits any more.
    var isEmpty: Bool {
        if batch.isEmpty {
            batch = queue.takeAll()
            for index in batch.indices { redaction.redact(&batch[index]) }
        }
        return batch.isEmpty
    }

    var count: Int { batch.count }

    /// How many were written: all that waited, or none.
    func write() async -> Int {
        tellDropped()
        guard !isEmpty else { return 0 }
        do throws(StoreError) {
            let refused = try await store.append(batch, observe: observe)
            if let first = refused.first {
                logger.error(
                    "receipts were refused by their table: \(first)",
                    metadata: ["receipts": "\(refused.count)"]
                )
            }
        } catch {
            complain(error)
            return 0
        }
        let written = batch.count
        batch.removeAll()
        return written
    }

    private func tellDropped() {
        dropped += queue.takeDropped()
        guard dropped > 0, ContinuousClock.now >= nextCount else { return }
        nextCount = .now + Self.quiet
        logger.warning(
            "receipts of requests that were refused are dropped: they come faster than they can be written",
            metadata: ["receipts": "\(dropped)"]
        )
        dropped = 0
    }

    private func complain(_ error: StoreError) {
        guard ContinuousClock.now >= nextComplaint else { return }
        nextComplaint = .now + Self.quiet
        logger.error("receipts wait: \(error)", metadata: ["receipts": "\(batch.count)"])
    }
}
