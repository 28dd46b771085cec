import Synchronization

/// Captures on their way to the writer: bounded in number and bytes, and never waited for.
///
/// What finds no room is dropped and counted: a capture never slows or fails an exchange.
package final class CaptureQueue: Sendable {
    /// What became of captures since the start.
    package struct Counts: Sendable, Equatable {
        package var stored: Int
        package var dropped: Int
        package var waiting: Int
    }

    private struct Batch {
        var drafts: [CaptureDraft] = []
        var bytes = 0
    }

    private struct Waiting {
        /// Whole ones, oldest first, to be handed over without looking at what is in them.
        var batches: [Batch] = []
        var newest = Batch()
        var count = 0
        var bytes = 0
        /// What the writer is done with, to be used again or let go by the event loops.
        var spent: [Batch] = []
        /// Nothing waited when the writer last asked.
        var wasEmpty = false

        mutating func append(_ draft: CaptureDraft, batchSize: Int) {
            if newest.drafts.isEmpty { newest.drafts.reserveCapacity(batchSize) }
            newest.drafts.append(draft)
            newest.bytes += draft.weight
            count += 1
            bytes += draft.weight
            if newest.drafts.count >= batchSize {
                batches.append(newest)
                newest = Batch()
            }
        }

        mutating func take() -> [CaptureDraft] {
            var batch = Batch()
            if batches.isEmpty { swap(&batch, &newest) } else { batch = batches.removeFirst() }
            count -= batch.drafts.count
            bytes -= batch.bytes
            return batch.drafts
        }

        mutating func takeSpent() -> CaptureDraft? {
            while let last = spent.indices.last {
                if let draft = spent[last].drafts.popLast() { return draft }
                spent.removeLast()
            }
            return nil
        }
    }

    /// Batches.
    private static let mostSpent = 10
    private static let mostSpentBytes = 8 << 20

    private let waiting = Mutex(Waiting())
    private let isFull = Atomic<Bool>(false)
    private let stored = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let mostCaptures: Int
    private let limit: Atomic<Int>
    private let mostBytes: Int
    /// Captures that the writer is given at once: another thread's work on them is never long.
    package let batchSize: Int

    package init(mostCaptures: Int = 20_000, mostBytes: Int = 128 << 20, batchSize: Int = 100) {
        self.mostCaptures = mostCaptures
        limit = Atomic(mostCaptures)
        self.mostBytes = mostBytes
        self.batchSize = batchSize
    }

    /// Not so many may wait from now on.
    ///
    /// - Parameter captures: `nil` = as many as at first.
    package func limit(to captures: Int?) {
        limit.store(min(captures ?? mostCaptures, mostCaptures), ordering: .relaxed)
    }

    /// `false` from when one was dropped until the writer takes some: what is begun then need not be kept, only counted.
    package var hasRoom: Bool { !isFull.load(ordering: .relaxed) }

    /// - Returns: an older one that the writer is done with. It is let go here, or what it holds is used again: memory that its
    ///   own thread gives back is at hand for the next.
    @discardableResult
    package func append(_ draft: CaptureDraft) -> CaptureDraft? {
        let (isTaken, old) = waiting.withLock { waiting in
            let old = waiting.takeSpent()
            guard waiting.count < limit.load(ordering: .relaxed), waiting.bytes + draft.weight <= mostBytes else {
                isFull.store(true, ordering: .relaxed)
                return (false, old)
            }
            waiting.append(draft, batchSize: batchSize)
            return (true, old)
        }
        if !isTaken { drop(1) }
        return old
    }

    /// The oldest that wait: a batch, or what there is of one.
    package func take() -> [CaptureDraft] {
        // Where nothing comes, nothing comes in whose place they could go; not under the lock, for they are many.
        var idle: [Batch] = []
        return waiting.withLock { waiting in
            if waiting.count == 0, waiting.wasEmpty { swap(&idle, &waiting.spent) }
            waiting.wasEmpty = waiting.count == 0
            isFull.store(false, ordering: .relaxed)
            return waiting.take()
        }
    }

    /// The writer is done with these: event loops take them over, as they add others.
    ///
    /// What is too much is let go at once.
    package func giveBack(_ drafts: [CaptureDraft]) {
        let batch = Batch(drafts: drafts, bytes: drafts.reduce(0) { $0 + $1.weight })
        waiting.withLock { waiting in
            let bytes = waiting.spent.reduce(batch.bytes) { $0 + $1.bytes }
            guard waiting.spent.count < Self.mostSpent, bytes <= Self.mostSpentBytes else { return }
            waiting.spent.append(batch)
        }
    }

    package func store(_ count: Int) { stored.add(count, ordering: .relaxed) }

    package func drop(_ count: Int) { dropped.add(count, ordering: .relaxed) }

    package var counts: Counts {
        Counts(
            stored: stored.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed),
            waiting: waiting.withLock { $0.count }
        )
    }
}
