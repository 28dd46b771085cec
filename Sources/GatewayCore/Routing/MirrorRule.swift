import Synchronization

/// The deployments that get copies of an endpoint's requests.
package struct MirrorRule: Sendable {
    package static let none = MirrorRule(targets: [])

    package let targets: [MirrorTarget]

    package init(targets: [MirrorTarget]) {
        self.targets = targets
    }

    /// Those whose turn it is.
    func pick() -> [MirrorTarget] {
        targets.isEmpty ? [] : targets.filter { $0.takesNext() }
    }
}

/// A deployment that gets copies, how many, and what became of them.
package final class MirrorTarget: Sendable {
    package let deployment: Deployment
    package let meter: MirrorMeter
    private let turns: TrafficSplit

    /// - Parameters:
    ///   - percent: of the requests, 0 to 100: exact over every 100.
    ///   - previous: the same deployment's, which goes on counting and taking turns in this one.
    package init(_ deployment: Deployment, percent: Int, after previous: MirrorTarget? = nil) {
        self.deployment = deployment
        meter = previous?.meter ?? MirrorMeter()
        turns = TrafficSplit(weights: [percent, 100 - percent], after: previous?.turns)
    }

    fileprivate func takesNext() -> Bool { turns.pick() == 0 }
}

/// Counts one target's mirrored calls; outlasts snapshots, not the process.
package final class MirrorMeter: Sendable {
    private let running = Atomic<Int>(0)
    private let sent = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    /// What came of the copies so far.
    package struct Counts: Sendable, Equatable {
        /// Begun, whatever became of them.
        package var sent: Int
        /// Of those, the ones that brought no whole answer.
        package var failed: Int
        /// Never sent, or given up, because the mirror was slow or full.
        package var dropped: Int

        package init(sent: Int, failed: Int, dropped: Int) {
            self.sent = sent
            self.failed = failed
            self.dropped = dropped
        }
    }

    package init() {}

    package var counts: Counts {
        Counts(
            sent: sent.load(ordering: .relaxed),
            failed: failed.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed)
        )
    }

    /// Takes a place for one more call; false, and counted as dropped, when `bound` are running.
    package func begin(atMost bound: Int) -> Bool {
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= bound else {
            running.wrappingSubtract(1, ordering: .relaxed)
            drop()
            return false
        }
        sent.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    package func end(isWhole: Bool) {
        running.wrappingSubtract(1, ordering: .relaxed)
        if !isWhole { failed.wrappingAdd(1, ordering: .relaxed) }
    }

    package func drop() { dropped.wrappingAdd(1, ordering: .relaxed) }
}
