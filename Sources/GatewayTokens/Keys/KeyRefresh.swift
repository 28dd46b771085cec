/// Says when one issuer's keys are fetched and how long they count (SECURITY J-5); time is that of a monotonic clock.
struct KeyRefresh {
    /// Between two fetches that tokens with an unknown `kid` cause.
    static let cooldown = Duration.seconds(30)
    /// Between two refreshes, where the issuer does not say.
    static let interval = Duration.seconds(3600)
    private static let shortest = Duration.seconds(300)
    private static let longest = Duration.seconds(24 * 3600)
    /// How long keys outlive the last answer that had any.
    private static let keeping = Duration.seconds(24 * 3600)
    /// From a refresh that failed to the next.
    private static let retry = Duration.seconds(60)

    private var cooldownEnds: Duration?
    private var nextRefresh: Duration?
    private var keptUntil: Duration?

    /// Whether a token with an unknown `kid` may cause a fetch now; if so, none may for the time of the cooldown,
    /// however that fetch ends.
    mutating func claim(at now: Duration) -> Bool {
        if let cooldownEnds, now < cooldownEnds { return false }
        cooldownEnds = now + Self.cooldown
        return true
    }

    func isDue(at now: Duration) -> Bool { nextRefresh.map { now >= $0 } ?? true }

    func keepsKeys(at now: Duration) -> Bool { keptUntil.map { now < $0 } ?? false }

    mutating func succeeded(at now: Duration, lifetime: Duration?) {
        nextRefresh = now + max(Self.shortest, min(lifetime ?? Self.interval, Self.longest))
        keptUntil = now + Self.keeping
    }

    mutating func failed(at now: Duration) {
        nextRefresh = now + Self.retry
    }
}
