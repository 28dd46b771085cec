/// When the next captures are added to the index: it comes behind the captures, and behind what they are of.
struct IndexPace {
    typealias Instant = ContinuousClock.Instant

    /// Captures a second above which it waits until there are fewer.
    private static let flood = 1500.0
    /// Beside captures it takes a part of the time: after a step it rests so many times as long, but not longer than that.
    private static let rest = 5
    private static let longestRest = Duration.seconds(1)

    /// At first there may be what an earlier run left.
    private var isBehind = true
    private var arrived = 0
    private var second: Instant
    private var isFlooded = false
    private var isQuiet = true
    private var next: Instant

    init(at now: Instant = .now) {
        (second, next) = (now, now)
    }

    func isDue(at now: Instant) -> Bool { isBehind && !isFlooded && (isQuiet || now >= next) }

    /// - Parameter count: of captures that were written, or had no room.
    mutating func came(_ count: Int, at now: Instant) {
        arrived += count
        isQuiet = count == 0
        isBehind = isBehind || count > 0
        let past = second.duration(to: now)
        guard past >= .seconds(1) else { return }
        isFlooded = Double(arrived) > Self.flood * (past / .seconds(1))
        (arrived, second) = (0, now)
    }

    /// A step was made.
    mutating func went(from begun: Instant, to now: Instant, isMore: Bool) {
        isBehind = isMore
        next = now + min(begun.duration(to: now) * Self.rest, Self.longestRest)
    }
}
