import Synchronization

/// The one way facts flow up: receipts wait here, bounded, until the writer takes them in batches.
///
/// A receipt of an admitted request may not be lost, so the bound is kept at the door: `hasRoom` is asked before a request is
/// admitted, and the requests in flight at that moment always fit. Nobody asks before a request is refused, or answered by
/// the gateway itself: beyond three quarters of the bound its receipt is dropped and counted, so that whoever floods the
/// gateway without a key takes no room from those who have one.
package final class ReceiptQueue: Sendable {
    private let waiting = Mutex<[Receipt]>([])
    private let bound: Int
    private let depth = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let droppedInAll = Atomic<Int>(0)

    /// - Parameter bound: receipts that may wait before new requests are refused.
    package init(bound: Int = 100_000) {
        self.bound = bound
    }

    package var hasRoom: Bool { depth.load(ordering: .relaxed) < bound }

    package func append(_ receipt: Receipt) {
        if !receipt.isAdmitted, depth.load(ordering: .relaxed) >= bound - bound / 4 {
            dropped.wrappingAdd(1, ordering: .relaxed)
            droppedInAll.wrappingAdd(1, ordering: .relaxed)
            return
        }
        depth.wrappingAdd(1, ordering: .relaxed)
        waiting.withLock { $0.append(receipt) }
    }

    /// What became of receipts: how many wait now, and how many were dropped since the start.
    package var counts: (waiting: Int, dropped: Int) {
        (depth.load(ordering: .relaxed), droppedInAll.load(ordering: .relaxed))
    }

    /// How many receipts were dropped since this was asked last.
    package func takeDropped() -> Int { dropped.exchange(0, ordering: .relaxed) }

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
