/// Which slots are computed beside those that answer although nobody needs what comes of it, so that a step is done sooner.
///
/// The engine computes neighbouring slots in one pass over the model's weights, and others in passes of their own. On a
/// processor it computes the rows of a pass in fours where the weights' kind allows it, and those that are left over one by
/// one, each for about the price of four. Whether a row more pays depends on the model and the machine: both ways are tried,
/// and the faster one is used.
struct RowFilling {
    /// What a step's time depends on most.
    private struct Shape: Hashable {
        let rows: Int
        let passes: Int
    }

    /// Rows that are computed at once.
    static let tile = 4
    /// How much the newest step counts.
    private static let share = 0.25
    /// Every so many decisions the slower way is taken, for it may have become the faster one.
    private static let trial = 256

    private var seconds: [Shape: Double] = [:]
    private var decisions = 0
    /// Of the step that is under way, where its time tells something.
    private var planned: Shape?

    /// The slots to compute beside those that are needed.
    ///
    /// One row alone stays alone: what a single caller gets must not depend on how fast the machine is.
    ///
    /// - Parameters:
    ///   - needed: in order.
    ///   - count: of all slots.
    ///   - isTimed: whether `took` will be told what these rows take, and nothing else.
    ///   - mayFill: whether a slot has a token's room that nobody uses.
    mutating func choose(_ needed: [Int], of count: Int, isTimed: Bool, mayFill: (Int) -> Bool) -> [Int] {
        let plain = Shape(rows: needed.count, passes: Self.passes(needed))
        let fillers = needed.count > 1 ? Self.fillers(needed, of: count, mayFill) : []
        let filled = Shape(rows: needed.count + fillers.count, passes: 1)
        let isFilled = !fillers.isEmpty && isFaster(filled, than: plain)
        planned = isTimed ? (isFilled ? filled : plain) : nil
        return isFilled ? fillers : []
    }

    /// The step that was chosen last is done.
    mutating func took(_ duration: Duration) {
        guard let planned else { return }
        self.planned = nil
        let time = duration / .seconds(1)
        let known = seconds[planned] ?? time
        seconds[planned] = known + Self.share * (time - known)
    }

    private mutating func isFaster(_ filled: Shape, than plain: Shape) -> Bool {
        guard let filled = seconds[filled] else { return true }
        guard let plain = seconds[plain] else { return false }
        decisions += 1
        return (filled <= plain) == (decisions % Self.trial != 0)
    }

    private static func passes(_ slots: [Int]) -> Int {
        zip(slots, slots.dropFirst()).reduce(1) { $0 + ($1.1 == $1.0 + 1 ? 0 : 1) }
    }

    /// What makes one pass of whole tiles of them, as far as there are slots for it; none where a slot between two cannot.
    private static func fillers(_ needed: [Int], of count: Int, _ mayFill: (Int) -> Bool) -> [Int] {
        guard var low = needed.first, var high = needed.last else { return [] }
        let between = Set(low...high).subtracting(needed)
        guard between.allSatisfy(mayFill) else { return [] }
        var fillers = Array(between)
        while (high - low + 1) % tile != 0 {
            if high + 1 < count, mayFill(high + 1) {
                high += 1
                fillers.append(high)
            } else if low > 0, mayFill(low - 1) {
                low -= 1
                fillers.append(low)
            } else {
                break
            }
        }
        return fillers
    }
}
