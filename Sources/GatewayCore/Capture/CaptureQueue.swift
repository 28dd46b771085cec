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

    private struct Waiting {
        var drafts: [CaptureDraft] = []
        var bytes = 0
        /// What the writer is done with, to be let go by the event loops.
        var spent: [CaptureDraft] = []
    }

    private static let mostSpent = 1000
    private static let mostSpentBytes = 8 << 20

    private let waiting = Mutex(Waiting())
    private let stored = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let mostCaptures: Int
    private let mostBytes: Int

    package init(mostCaptures: Int = 20_000, mostBytes: Int = 128 << 20) {
        self.mostCaptures = mostCaptures
        self.mostBytes = mostBytes
    }

    package func append(_ draft: CaptureDraft) {
        // An older one goes for it, here: memory that its own thread gives back is at hand for the next.
        let (isTaken, old) = waiting.withLock { waiting in
            let old = waiting.spent.popLast()
            guard waiting.drafts.count < mostCaptures, waiting.bytes + draft.weight <= mostBytes else {
                return (false, old)
            }
            waiting.drafts.append(draft)
            waiting.bytes += draft.weight
            return (true, old)
        }
        if !isTaken { drop(1) }
        withExtendedLifetime(old) {}
    }

    /// The oldest that wait, at most `most` of them.
    package func take(_ most: Int) -> [CaptureDraft] {
        // Where nothing comes, nothing comes in whose place they could go; not under the lock, for they are many.
        var idle: [CaptureDraft] = []
        return waiting.withLock { waiting in
            if waiting.drafts.isEmpty { swap(&idle, &waiting.spent) }
            if waiting.drafts.count <= most {
                var taken: [CaptureDraft] = []
                swap(&taken, &waiting.drafts)
                waiting.bytes = 0
                return taken
            }
            let taken = Array(waiting.drafts.prefix(most))
            waiting.drafts.removeFirst(most)
            waiting.bytes -= taken.reduce(0) { $0 + $1.weight }
            return taken
        }
    }

    /// The writer is done with these: event loops let them go, as they add others.
    package func giveBack(_ drafts: [CaptureDraft]) {
        var bytes = 0
        let few = drafts.prefix(Self.mostSpent).prefix { draft in
            bytes += draft.weight
            return bytes <= Self.mostSpentBytes
        }
        var spent = Array(few)
        waiting.withLock { swap(&spent, &$0.spent) }
    }

    package func store(_ count: Int) { stored.add(count, ordering: .relaxed) }

    package func drop(_ count: Int) { dropped.add(count, ordering: .relaxed) }

    package var counts: Counts {
        Counts(
            stored: stored.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed),
            waiting: waiting.withLock { $0.drafts.count }
        )
    }
}
