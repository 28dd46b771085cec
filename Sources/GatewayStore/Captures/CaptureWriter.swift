import Foundation
package import GatewayCore
package import Logging
import ServiceLifecycle

/// Drains the queue of captures into their file until the gateway has stopped.
///
/// What the disk refuses is dropped and counted; one line of the log says so, and one that it is over.
package struct CaptureWriter: Service {
    /// What a batch has at most: another thread's work on them is never long.
    private static let batch = 500
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
            // What an earlier run left.
            var isIndexDue = true
            while !Task.isCancelled {
                let written = await write()
                isIndexDue = isIndexDue || written > 0
                var isBusy = written == Self.batch
                if ContinuousClock.now >= nextExpiry {
                    if await expire() { isBusy = true } else { nextExpiry = .now + Self.expiryInterval }
                }
                // Captures come first: they are searchable once there is time.
                if !isBusy, isIndexDue {
                    let more = try? await store.indexNext()
                    isIndexDue = more ?? true
                    isBusy = more ?? false
                }
                if !isBusy { try? await Task.sleep(for: Self.interval) }
            }
        }
        while await write() > 0 {}
    }

    /// - Returns: how many were taken.
    private func write() async -> Int {
        let batch = queue.take(Self.batch)
        guard !batch.isEmpty else { return 0 }
        do throws(StoreError) {
            try await store.append(batch)
            queue.store(batch.count)
            await complaints.succeeded(logger)
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

/// Whether the last batch was refused: an alarm each time that begins.
private actor Complaints {
    private var isFailing = false

    func failed(_ error: StoreError, _ logger: Logger) {
        guard !isFailing else { return }
        isFailing = true
        logger.error("captures are dropped: \(error)")
    }

    func succeeded(_ logger: Logger) {
        guard isFailing else { return }
        isFailing = false
        logger.notice("captures are stored again")
    }
}
