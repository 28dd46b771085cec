import Foundation
package import GatewayCore
package import Logging
import ServiceLifecycle
import Synchronization

/// Drains the queue of captures into their file until the gateway has stopped.
///
/// What the disk refuses is dropped and counted; one line of the log says so, and one that it is over.
package struct CaptureWriter: Service {
    private let queue: CaptureQueue
    private let store: CaptureStore
    private let logger: Logger
    /// It has only what processor time nobody else wants.
    private let thread = JobThread(name: "captures", .none)

    package init(queue: CaptureQueue, store: CaptureStore, logger: Logger) {
        self.queue = queue
        self.store = store
        self.logger = logger
    }

    package func run() async throws {
        let stop = Stop()
        var drain = await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                thread.run { [store, queue, logger] in
                    var drain = CaptureDrain(queue: queue, store: store, logger: logger)
                    drain.run(until: stop)
                    store.changes.run { [drain] in continuation.resume(returning: drain) }
                }
            }
        } onCancelOrGracefulShutdown: {
            stop.come()
        }
        // A stop waits for nobody else's work.
        while drain.write().count > 0 {}
    }
}

/// Tells a thread to stop, also one that sleeps.
private final class Stop: Sendable {
    private let hasCome = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)

    func come() {
        hasCome.store(true, ordering: .relaxed)
        wake.signal()
    }

    var isDue: Bool { hasCome.load(ordering: .relaxed) }

    func sleep(_ time: Duration) { _ = wake.wait(timeout: .now() + time / .seconds(1)) }
}

/// All that is done with captures behind the event loops, step by step.
private struct CaptureDrain: Sendable {
    private static let interval = Duration.milliseconds(100)
    /// Captures that may wait where processors are short: what it cannot come by to write is not copied, and what is copied
    /// goes where the last ones were, which the caches still have.
    private static let mostWhileHeldBack = 2000
    private static let expiryInterval = Duration.seconds(1)
    private static let lookInterval = Duration.milliseconds(500)

    private let queue: CaptureQueue
    private let store: CaptureStore
    private let logger: Logger
    private var complaints = Complaints()
    private var nextExpiry = ContinuousClock.now
    private var nextLook = ContinuousClock.now
    private var pace = CapturePace()
    private var index = IndexPace()
    private var came = 0

    init(queue: CaptureQueue, store: CaptureStore, logger: Logger) {
        self.queue = queue
        self.store = store
        self.logger = logger
    }

    mutating func run(until stop: Stop) {
        while !stop.isDue {
            let least = step() ? .zero : Self.interval
            let rest = max(least, pace.rest(at: .current, of: machine()))
            queue.limit(to: pace.isHeldBack ? Self.mostWhileHeldBack : nil)
            if rest > .zero { stop.sleep(rest) }
        }
    }

    /// - Returns: what the machine's processors have done, when it is time to look at that again.
    private mutating func machine() -> MachineTimes? {
        guard ContinuousClock.now >= nextLook else { return nil }
        nextLook = .now + Self.lookInterval
        return .current
    }

    /// - Returns: whether there is more to do at once.
    private mutating func step() -> Bool {
        let batch = write()
        pace.wrote(batch.count, bytes: batch.bytes)
        index.came(cameSince(), at: .now)
        var isBusy = batch.count == queue.batchSize
        if ContinuousClock.now >= nextExpiry {
            complaints.tellWhetherOver(logger)
            if expire() { isBusy = true } else { nextExpiry = .now + Self.expiryInterval }
        }
        let begun = ContinuousClock.now
        guard !isBusy, index.isDue(at: begun) else { return isBusy }
        let isMore = try? store.indexNext()
        index.went(from: begun, to: .now, isMore: isMore ?? true)
        return isMore == true && index.isDue(at: .now)
    }

    /// - Returns: captures that were stored or dropped since it was last asked.
    private mutating func cameSince() -> Int {
        let counts = queue.counts
        defer { came = counts.stored + counts.dropped }
        return counts.stored + counts.dropped - came
    }

    /// - Returns: how many were taken, and what they weighed.
    mutating func write() -> (count: Int, bytes: Int) {
        let batch = queue.take()
        guard !batch.isEmpty else { return (0, 0) }
        defer { queue.giveBack(batch) }
        do throws(StoreError) {
            try store.append(batch)
            queue.store(batch.count)
            complaints.succeeded()
        } catch {
            queue.drop(batch.count)
            complaints.failed(error, logger)
        }
        return (batch.count, batch.reduce(0) { $0 + $1.weight })
    }

    /// - Returns: whether more has to go at once.
    private func expire() -> Bool {
        // An error here shows in the next write as well, which says so.
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        if (try? store.eraseGone(now: now)) == true { return true }
        return (try? store.expire(now: now)) ?? false
    }
}

/// Whether batches are refused: an alarm each time that begins.
///
/// Where a small one finds room now and then, that ends nothing.
private struct Complaints {
    private static let calm = Duration.seconds(5)

    private var lastFailure: ContinuousClock.Instant?
    private var hasSucceeded = false

    mutating func failed(_ error: StoreError, _ logger: Logger) {
        if lastFailure == nil { logger.error("captures are dropped: \(error)") }
        (lastFailure, hasSucceeded) = (.now, false)
    }

    mutating func succeeded() { hasSucceeded = true }

    mutating func tellWhetherOver(_ logger: Logger) {
        guard hasSucceeded, let lastFailure, lastFailure.duration(to: .now) >= Self.calm else { return }
        self.lastFailure = nil
        logger.notice("captures are stored again")
    }
}
