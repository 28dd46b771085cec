import Synchronization

/// The one way facts flow up: receipts wait here, bounded, until the writer takes them in batches.
///
/// A receipt may not be lost, so the bound is kept at the door: `hasRoom` is asked before a request is admitted, and the
/// requests in flight at that moment always fit.
package final class ReceiptQueue: Sendable {
    private let waiting = Mutex<[Receipt]>([])
    private let bound: Int
    private let depth = Atomic<Int>(0)

    /// - Parameter bound: receipts that may wait before new requests are refused.
    package init(bound: Int = 100_000) {
        self.bound = bound
    }

    package var hasRoom: Bool { depth.load(ordering: .relaxed) < bound }

    package func append(_ receipt: Receipt) {
        depth.wrappingAdd(1, ordering: .relaxed)
        waiting.withLock { $0.append(receipt) }
    }

    /// Everything that waits, oldest first; empty when nothing does.
    package func takeAll() -> [Receipt] {
        let batch = waiting.withLock { waiting in
            var taken: [Receipt] = []
            swap(&taken, &waiting)
            waiting.reserveCapacity(min(taken.count, 4096))
            return taken
        }
        depth.wrappingSubtract(batch.count, ordering: .relaxed)
        return batch
    }
}
