import Synchronization

/// How handshakes of a server ended, since the start.
package final class HandshakeCounts: Sendable {
    private let successes = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)

    package var done: Int { successes.load(ordering: .relaxed) }
    /// Those of clients that left before the end too.
    package var failed: Int { failures.load(ordering: .relaxed) }

    func end(isDone: Bool) {
        if isDone { successes.add(1, ordering: .relaxed) } else { failures.add(1, ordering: .relaxed) }
    }
}
