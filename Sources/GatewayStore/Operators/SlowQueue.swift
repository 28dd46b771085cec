import Dispatch
import Synchronization

/// Runs slow work one at a time on a thread of its own, and lets no more than a few wait for it: many at once cost neither
/// memory nor the cooperative pool.
final class SlowQueue: Sendable {
    /// Seconds after which one that found no room may try again.
    private static let patience: Int64 = 2

    private let queue = DispatchQueue(label: "gatehouse.slow")
    private let most: Int
    private let count = Mutex(0)

    /// - Parameter most: that wait, the one that runs included.
    init(most: Int) {
        self.most = most
    }

    /// - Throws: busy, when as many wait as may.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws(StoreError) -> Value {
        let hasRoom = count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
        guard hasRoom else { throw .busy(Self.patience) }
        defer { count.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
