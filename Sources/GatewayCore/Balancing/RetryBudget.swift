import Synchronization

/// How often a deployment's requests may be sent again: 20 % of the live requests, and a small floor (SECURITY U-6).
///
/// Requests earn what retries spend, so that an outage never multiplies the load; what was earned is worth ten seconds.
package final class RetryBudget: Sendable {
    /// In thousandths of a retry.
    private struct Account {
        var balance = RetryBudget.floor
        var cap = RetryBudget.floor
        var earnedInPeriod = 0
        var periodStart: Int64?
        var refilledAt: Int64?

        /// - Parameter start: when the first request came.
        mutating func spend(earned: Int, since start: Int64, at now: Int64) -> Bool {
            earnedInPeriod += earned
            renewCap(since: start, at: now)
            let rest = refilledAt.map { Int(clamping: min(max(0, now - $0), 10 * RetryBudget.second)) } ?? 0
            refilledAt = now
            balance = min(cap, balance + earned + rest * RetryBudget.refill / Int(RetryBudget.second))
            guard balance >= RetryBudget.price else { return false }
            balance -= RetryBudget.price
            return true
        }

        /// Once a second: what may be kept is what ten seconds earn.
        private mutating func renewCap(since start: Int64, at now: Int64) {
            let elapsed = max(now - (periodStart ?? start), 0)
            guard periodStart == nil || elapsed >= RetryBudget.second else { return }
            // What came within less than a second may not be taken for what every second brings.
            let seconds = Double(max(elapsed, RetryBudget.second)) / Double(RetryBudget.second)
            cap = max(RetryBudget.floor, Int(min(Double(earnedInPeriod) / seconds * 10, 1e12)))
            earnedInPeriod = 0
            periodStart = now
        }
    }

    private static let price = 1000
    private static let earning = 200
    /// What may be spent at once without any traffic.
    private static let floor = 10 * price
    /// Retries a second that need no traffic.
    private static let refill = 2 * price
    private static let second: Int64 = 1_000_000_000

    private let requests = Atomic<Int>(0)
    private let start = Atomic<Int64>(.min)
    private let account = Mutex(Account())

    package init() {}

    /// A request was sent for the first time.
    package func earn(at now: Int64) {
        requests.add(1, ordering: .relaxed)
        if start.load(ordering: .relaxed) == .min { start.store(now, ordering: .relaxed) }
    }

    /// Whether a request may be sent again now; it is booked.
    package func spend(at now: Int64) -> Bool {
        let earned = requests.exchange(0, ordering: .relaxed) * Self.earning
        let start = start.load(ordering: .relaxed)
        return account.withLock { $0.spend(earned: earned, since: start == .min ? now : start, at: now) }
    }
}
