import Foundation
package import GatewayCore
package import Logging
import ServiceLifecycle

/// Drains the queue of captures into their file until the gateway has stopped.
///
/// What the disk refuses is dropped and counted; one line of the log says so, and one that it is over.
package struct CaptureWriter: Service {
    private static let interval = Duration.milliseconds(100)
    private static let expiryInterval = Duration.seconds(1)

    private let queue: CaptureQueue
    private let store: CaptureStore
    private let logger: Logger
    private let complaints = Complaints()

    package init(queue: CaptureQueue, store: CaptureStore, logger: Logger) {
        self.queue = queue
        self.store = store
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var nextExpiry = ContinuousClock.now
            var index = IndexPace()
            while !Task.isCancelled {
                let written = await write()
                index.wrote(written, at: .now)
                var isBusy = written == queue.batchSize
                if ContinuousClock.now >= nextExpiry {
                    await complaints.tellWhetherOver(logger)
                    if await expire() { isBusy = true } else { nextExpiry = .now + Self.expiryInterval }
                }
                let begun = ContinuousClock.now
                if !isBusy, index.isDue(at: begun) {
                    let isMore = try? await store.indexNext()
                    index.went(from: begun, to: .now, isMore: isMore ?? true)
                    isBusy = isMore == true && index.isDue(at: .now)
                }
                if !isBusy { try? await Task.sleep(for: Self.interval) }
            }
        }
        // A stop waits for nobody else's work.
        while await write(quietly: false) > 0 {}
    }

    /// - Returns: how many were taken.
    private func write(quietly: Bool = true) async -> Int {
        let batch = queue.take()
        guard !batch.isEmpty else { return 0 }
        defer { queue.giveBack(batch) }
        do throws(StoreError) {
            try await store.append(batch, quietly: quietly)
            queue.store(batch.count)
            await complaints.succeeded()
        } catch {
            queue.drop(batch.count)
            await complaints.failed(error, logger)
        }
        return batch.count
    }

    /// - Returns: whether more has to go at once.
    private func expire() async -> Bool {
        // An error here shows in the next write as well, which says so.
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        if (try? await store.eraseGone(now: now)) == true { return true }
        return (try? await store.expire(now: now)) ?? false
    }
}

/// Whether batches are refused: an alarm each time that begins.
///
/// Where a small one finds room now and then, that ends nothing.
private actor Complaints {
    private static let calm = Duration.seconds(5)

    private var lastFailure: ContinuousClock.Instant?
    private var hasSucceeded = false

    func failed(_ error: StoreError, _ logger: Logger) {
        if lastFailure == nil { logger.error("captures are dropped: \(error)") }
        (lastFailure, hasSucceeded) = (.now, false)
    }

    func succeeded() { hasSucceeded = true }

    func tellWhetherOver(_ logger: Logger) {
        guard hasSucceeded, let lastFailure, lastFailure.duration(to: .now) >= Self.calm else { return }
        self.lastFailure = nil
        logger.notice("captures are stored again")
    }
}
