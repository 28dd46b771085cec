import Foundation

/// How much of a processor captures may have: as much as there is where the machine has little else to do, else a small part.
///
/// A thread that has only what nobody else wants makes nobody wait, but slower all the same: who goes on where it was finds
/// another's data in the caches.
struct CapturePace {
    /// Where others have at most this part of all processors, it is no matter what captures have.
    private static let quiet = 0.125
    /// Elsewhere so many captures a second are written for each processor of the machine, each of at most so many bytes, or
    /// fewer that have more: a number, and no part of the time, for a slow machine has to keep as many as a quick one.
    private static let rate = 600.0
    private static let size = 16 << 10
    /// Times as long as it had to wait, but not more times as long as it ran.
    private static let rest = 16

    /// Whether it had to wait for a good part of the time that it ran.
    private var isCrowded = false
    /// Whether others have so much that it makes them slower.
    private var isBusy = false
    private let processors: Int
    private var written = 0
    private var before: ThreadTimes?
    /// What was told of the machine last, and what the thread had had by then.
    private var seen: (machine: MachineTimes, ran: Duration)?

    /// - Parameter processors: of the machine.
    init(processors: Int = ProcessInfo.processInfo.activeProcessorCount) {
        self.processors = processors
    }

    /// Whether there is less than it could use.
    var isHeldBack: Bool { isCrowded || isBusy }

    mutating func wrote(_ captures: Int, bytes: Int) { written += max(captures, bytes / Self.size) }

    /// - Parameters:
    ///   - now: of the thread that works; `nil` = not known, and nothing is held back.
    ///   - machine: of all that runs, where it is time to look at that: what it has between two looks counts; else `nil`.
    /// - Returns: how long to rest after what was done since the last call.
    mutating func rest(at now: ThreadTimes?, of machine: MachineTimes? = nil) -> Duration {
        defer { (before, written) = (now, 0) }
        if let now, let machine { look(at: machine, ran: now.ran) }
        guard let now, let before else { return .zero }
        let (ran, waited) = (now.ran - before.ran, now.waited - before.waited)
        isCrowded = waited * 4 > ran
        let due = isBusy ? Duration.seconds(Double(written) / (Self.rate * Double(processors))) : .zero
        return max(min(ran, waited) * Self.rest, due)
    }

    private mutating func look(at machine: MachineTimes, ran: Duration) {
        defer { seen = (machine, ran) }
        guard let seen else { return }
        let others = machine.busy - seen.machine.busy - (ran - seen.ran)
        isBusy = others > (machine.total - seen.machine.total) * Self.quiet
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

/// What all processors of a machine have done since it began, added up.
struct MachineTimes: Sendable {
    var busy: Duration
    /// Busy, or with nothing to do.
    var total: Duration

    /// Of this machine, as Linux counts them (`proc(5)`, `/proc/stat`).
    static var current: MachineTimes? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
        let line = text.prefix { $0 != "\n" }.split(separator: " ")
        // Behind them are those of guests, which are in the first ones too.
        let ticks = line.dropFirst().prefix(8).compactMap { Int64($0) }
        guard line.first == "cpu", ticks.count == 8 else { return nil }
        let (total, idle) = (ticks.reduce(0, +), ticks[3] + ticks[4])
        let tick = Duration.seconds(1) / sysconf(Int32(_SC_CLK_TCK))
        return MachineTimes(busy: tick * (total - idle), total: tick * total)
    }
}
