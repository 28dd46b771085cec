import Synchronization

/// Traces on their way to the collector: bounded, and never waited for.
///
/// What finds no room is dropped and counted: a collector that is slow or gone costs an exchange nothing.
package final class TraceQueue: Sendable {
    /// What became of traces since the start.
    package struct Counts: Sendable, Equatable {
        package var sent: Int
        package var dropped: Int
        package var waiting: Int
        /// Times that the collector did not take a batch.
        package var failures: Int
    }

    private let waiting = Mutex<[Trace]>([])
    private let sent = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    private let bound: Int

    package init(bound: Int = 8192) {
        self.bound = bound
    }

    package func append(_ trace: Trace) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < bound else { return false }
            waiting.append(trace)
            return true
        }
        if !isTaken { drop(1) }
    }

    /// The oldest that wait, at most `most` of them.
    package func take(_ most: Int) -> [Trace] {
        waiting.withLock { waiting in
            let taken = Array(waiting.prefix(most))
            waiting.removeFirst(taken.count)
            return taken
        }
    }

    package func noteSent(_ count: Int) { sent.add(count, ordering: .relaxed) }

    package func drop(_ count: Int) { dropped.add(count, ordering: .relaxed) }

    package func noteFailure() { failures.add(1, ordering: .relaxed) }

    package var counts: Counts {
        Counts(
            sent: sent.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed),
            waiting: waiting.withLock { $0.count },
            failures: failures.load(ordering: .relaxed)
        )
    }
}

/// Which exchanges are traced, and where their traces go.
package struct TraceRule: Sendable {
    package let queue: TraceQueue
    /// From 0 to 1: of the exchanges whose callers have decided nothing.
    private let sampleRate: Double

    package init(queue: TraceQueue, sampleRate: Double) {
        self.queue = queue
        self.sampleRate = sampleRate
    }

    /// By the trace's id, as OpenTelemetry's samplers decide: all that see it come to the same.
    package func samples(_ trace: TraceContext.TraceID) -> Bool {
        sampleRate >= 1 || Double(trace.low >> 1) < sampleRate * 0x1p63
    }
}
