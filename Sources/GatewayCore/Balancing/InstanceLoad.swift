import Synchronization

/// What an address carries now, and who waits for a place there; shared by every instance that names the address, whatever
/// deployment and tenant it belongs to.
package final class InstanceLoad: Sendable {
    private struct WeakQueue {
        weak var queue: CapacityQueue?
    }

    /// The queues of deployments that have the address, and which of them is served first.
    private struct Queues {
        var all: [WeakQueue] = []
        var turn = 0

        /// Each time another one comes first: else the last ones would get what the first one leaves.
        mutating func inTurn() -> [CapacityQueue] {
            guard !all.isEmpty else { return [] }
            turn = turn + 1 < all.count ? turn + 1 : 0
            return (all[turn...] + all[..<turn]).compactMap(\.queue)
        }
    }

    private let running = Atomic<Int>(0)
    /// Who waits: nobody looks for them in vain.
    private let waiting = Atomic<Int>(0)
    private let queues = Mutex(Queues())

    package init() {}

    /// Requests that are under way.
    package var inFlight: Int { running.load(ordering: .relaxed) }

    /// Requests that wait in any queue that has the address.
    package var waiters: Int { waiting.load(ordering: .relaxed) }

    /// Takes a place unless `limit` are taken.
    package func enter(limit: Int) -> Bool {
        var current = running.load(ordering: .sequentiallyConsistent)
        while current < limit {
            let (isExchanged, original) = running.weakCompareExchange(
                expected: current,
                desired: current + 1,
                ordering: .sequentiallyConsistent
            )
            if isExchanged { return true }
            current = original
        }
        return false
    }

    /// Gives a place back; the next in a queue takes it.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock; without it nobody is sent where a circuit is open.
    package func leave(at now: Int64?) {
        running.subtract(1, ordering: .sequentiallyConsistent)
        // A waiter counts itself before it looks for a place: one of the two sees the other.
        guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return }
        for queue in queues.withLock({ $0.inTurn() }) { queue.serve(at: now) }
    }

    /// Takes back an `enter` whose trial somebody else has: that request's own end wakes who waits.
    func undo() { running.subtract(1, ordering: .sequentiallyConsistent) }

    func add(_ queue: CapacityQueue) {
        queues.withLock { queues in
            queues.all.removeAll { $0.queue == nil }
            queues.all.append(WeakQueue(queue: queue))
        }
    }

    func waiterCame() { waiting.add(1, ordering: .sequentiallyConsistent) }

    func waiterWent() { waiting.subtract(1, ordering: .sequentiallyConsistent) }
}
