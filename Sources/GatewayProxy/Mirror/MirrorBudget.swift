import Synchronization

/// How many mirrored calls run on all event loops, and how many bytes they hold.
final class MirrorBudget: Sendable {
    private let held = Atomic<Int>(0)
    private let running = Atomic<Int>(0)

    var calls: Int { running.load(ordering: .relaxed) }

    func callBegan() { running.wrappingAdd(1, ordering: .relaxed) }

    func callEnded() { running.wrappingSubtract(1, ordering: .relaxed) }

    /// Whether so many more may be held; then they are.
    func take(_ count: Int) -> Bool {
        guard held.wrappingAdd(count, ordering: .relaxed).newValue <= Limits.mirrorBytes else {
            giveBack(count)
            return false
        }
        return true
    }

    func giveBack(_ count: Int) { held.wrappingSubtract(count, ordering: .relaxed) }
}
