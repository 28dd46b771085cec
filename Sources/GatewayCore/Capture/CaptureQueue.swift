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
        var captures: [Capture] = []
        var bytes = 0
    }

    private let waiting = Mutex(Waiting())
    private let stored = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let mostCaptures: Int
    private let mostBytes: Int

    package init(mostCaptures: Int = 20_000, mostBytes: Int = 128 << 20) {
        self.mostCaptures = mostCaptures
        self.mostBytes = mostBytes
    }

    package func append(_ capture: Capture) {
        let isTaken = waiting.withLock { waiting in
            let weight = capture.weight
            guard waiting.captures.count < mostCaptures, waiting.bytes + weight <= mostBytes else { return false }
            waiting.captures.append(capture)
            waiting.bytes += weight
            return true
        }
        if !isTaken { drop(1) }
    }

    /// The oldest that wait, at most `most` of them.
    package func take(_ most: Int) -> [Capture] {
        waiting.withLock { waiting in
            if waiting.captures.count <= most {
                var taken: [Capture] = []
                swap(&taken, &waiting.captures)
                waiting.bytes = 0
                return taken
            }
            let taken = Array(waiting.captures.prefix(most))
            waiting.captures.removeFirst(most)
            waiting.bytes -= taken.reduce(0) { $0 + $1.weight }
            return taken
        }
    }

    package func store(_ count: Int) { stored.add(count, ordering: .relaxed) }

    package func drop(_ count: Int) { dropped.add(count, ordering: .relaxed) }

    package var counts: Counts {
        Counts(
            stored: stored.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed),
            waiting: waiting.withLock { $0.captures.count }
        )
    }
}
