import Foundation

/// How much of a processor captures may have: as much as there is, but a small part of one where others wait for processors.
///
/// A thread that has only what nobody else wants makes nobody wait, but slower all the same: who goes on where it was finds
/// another's data in the caches.
struct CapturePace {
    /// Times as long as it had to wait, but not more times as long as it ran.
    private static let rest = 16

    /// Whether it had to wait for a good part of the time that it ran.
    private(set) var isCrowded = false
    private var before: ThreadTimes?

    /// - Parameter now: of the thread that works; `nil` = not known, and nothing is held back.
    /// - Returns: how long to rest after what was done since the last call.
    mutating func rest(at now: ThreadTimes?) -> Duration {
        defer { before = now }
        guard let now, let before else { return .zero }
        let (ran, waited) = (now.ran - before.ran, now.waited - before.waited)
        isCrowded = waited * 4 > ran
        return min(ran, waited) * Self.rest
    }
}

/// What a thread has had of processors since it began.
struct ThreadTimes: Sendable {
    var ran: Duration
    /// Ready to run, while all processors it could run on were taken.
    var waited: Duration

    /// Of the thread that asks, as Linux's scheduler counts them (`proc(5)`, `/proc/pid/schedstat`: nanoseconds).
    static var current: ThreadTimes? {
        guard let text = try? String(contentsOfFile: "/proc/thread-self/schedstat", encoding: .utf8) else { return nil }
        let numbers = text.split(separator: " ").prefix(2).compactMap { Int64($0) }
        guard numbers.count == 2 else { return nil }
        return ThreadTimes(ran: .nanoseconds(numbers[0]), waited: .nanoseconds(numbers[1]))
    }
}
