import Synchronization

/// A turn that all event loops share.
package final class RoundRobin: Sendable {
    private let turn: Atomic<Int>

    /// - Parameter other: whose turn is gone on with; `nil` begins at 0.
    package init(after other: RoundRobin? = nil) {
        turn = Atomic(other?.turn.load(ordering: .relaxed) ?? 0)
    }

    /// 0, 1, … `count` - 1, and round again.
    ///
    /// 0 when `count` is 0.
    package func next(below count: Int) -> Int {
        guard count > 1 else { return 0 }
        let value = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return Int(UInt(bitPattern: value) % UInt(count))
    }
}
