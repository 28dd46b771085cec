import Synchronization

/// A turn that all event loops share.
package final class RoundRobin: Sendable {
    private let turn = Atomic<Int>(0)

    package init() {}

    /// 0, 1, … `count` - 1, and round again.
    ///
    /// 0 when `count` is 0.
    package func next(below count: Int) -> Int {
        guard count > 1 else { return 0 }
        let value = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return Int(UInt(bitPattern: value) % UInt(count))
    }
}
