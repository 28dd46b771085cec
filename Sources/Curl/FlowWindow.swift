/// Counts bytes that one side has produced and the other has not taken, and says when to stop and when to go on.
struct FlowWindow: Equatable {
    let limit: Int
    private(set) var outstanding = 0
    private(set) var isStopped = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether the bytes may be produced; after a no, `take` says when to try again.
    mutating func admit(_ count: Int) -> Bool {
        guard outstanding < limit else {
            isStopped = true
            return false
        }
        outstanding += count
        return true
    }

    /// Returns true once when a stopped producer may go on.
    mutating func take(_ count: Int) -> Bool {
        outstanding -= count
        guard isStopped, outstanding <= limit / 2 else { return false }
        isStopped = false
        return true
    }
}
