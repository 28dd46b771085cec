/// A rate limit's counter: GCRA, the leaky bucket as one number.
///
/// What was taken forms a queue that drains at the limit's speed; `end` is the tick at which it will have drained. A
/// request's own part of the queue can be given back as far as it has not drained yet, and no further: what has drained
/// made room for others, and giving it back again would let more pass than the limit says. To know where a part lies after
/// others left the queue before it, every part has a *position* that never changes, and `gaps` are what left.
struct RateCounter: Sendable {
    /// Neighbours that left the queue: what lies behind `end` moved up by `amount`.
    private struct Gap {
        var start: Int128
        var end: Int128
        var amount: Int128
    }

    /// Of more gaps than this the first counts as passed too early: that may give back less than could be, never more.
    private static let mostGaps = 128
    /// A debt longer than a day is forgiven: one absurd usage report must not close a limit for years.
    private static let longestDebt: Int128 = 86_400_000_000_000

    private var end: Int128 = -(1 << 120)
    /// All that ever left; position = end + removed.
    private var removed: Int128 = 0
    /// The part of `removed` that lay before everything that is still in the queue.
    private var passed: Int128 = 0
    private var gaps: [Gap] = []

    /// How much is in the queue; more than the capacity after a debt.
    func level(at tick: Int128) -> Int128 { max(0, end - tick) }

    /// Puts units into the queue.
    ///
    /// - Returns: their position, for `giveBack`.
    mutating func take(_ units: Int128, at tick: Int128) -> Int128 {
        if end <= tick {
            end = tick
            passed = removed
            if !gaps.isEmpty { gaps = [] }
        }
        end += units
        return end + removed
    }

    /// Books what was used beyond the estimate; the limit may owe for a while.
    mutating func owe(_ units: Int128, _ bound: Bound, at tick: Int128) {
        _ = take(units, at: tick)
        end = min(end, tick + bound.capacity + Self.longestDebt * Int128(bound.speed))
    }

    /// Takes units out of the queue again, as far as they have not drained.
    ///
    /// - Parameters:
    ///   - size: of the whole part that ends at `position`.
    mutating func giveBack(_ units: Int128, of size: Int128, position: Int128, at tick: Int128) {
        if position == end + removed {
            // The last of the queue: nothing lies behind it.
            end -= max(0, min(units, end - tick))
            return
        }
        dropDrained(before: tick)
        // Gaps before this part that are not passed have not drained; then nothing of this part has, which `units` says.
        let amount = min(units, position - passed - tick)
        guard amount > 0, removed < 1 << 125 else { return }
        end -= amount
        removed += amount
        insert(Gap(start: position - size, end: position, amount: amount))
    }

    private mutating func dropDrained(before tick: Int128) {
        var drained = 0
        while drained < gaps.count, gaps[drained].end - passed - gaps[drained].amount <= tick {
            passed += gaps[drained].amount
            drained += 1
        }
        gaps.removeFirst(drained)
    }

    private mutating func insert(_ gap: Gap) {
        let index = gaps.firstIndex { $0.end > gap.end } ?? gaps.count
        gaps.insert(gap, at: index)
        if index + 1 < gaps.count, gaps[index + 1].start <= gap.end { join(index) }
        if index > 0, gap.start <= gaps[index - 1].end { join(index - 1) }
        if gaps.count > Self.mostGaps { passed += gaps.removeFirst().amount }
    }

    /// Makes one gap of two neighbours, between which nothing is left.
    private mutating func join(_ index: Int) {
        let next = gaps.remove(at: index + 1)
        gaps[index].end = next.end
        gaps[index].amount += next.amount
    }
}
