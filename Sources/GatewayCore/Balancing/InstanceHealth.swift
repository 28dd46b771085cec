/// Judges from what became of requests and probes whether an instance takes requests: a circuit breaker and a pause.
///
/// Times are nanoseconds of the monotonic clock. Every event brings the time when its request began: what was under way
/// when the circuit opened says nothing about the instance since.
package struct InstanceHealth: Sendable {
    /// What a request that failed says about the instance.
    package enum Failure: Sendable, Equatable {
        /// No connection.
        case unreachable
        /// No first byte in time.
        case timedOut
        /// The connection ended before an answer.
        case closed
        /// The backend's own 5xx.
        case serverError
    }

    /// Failed connects and time-outs in a row that open the circuit.
    package static let failuresInRow = 5
    /// Of at least so many requests in a window, so many per cent may not fail.
    package static let fewestJudged = 10
    package static let failingPercent = 40
    package static let window: Int64 = 10_000_000_000
    package static let shortestOpen: Int64 = 1_000_000_000
    /// A failed connect costs nobody anything: the next trial comes soon, so that traffic is back within 5 s.
    package static let longestOpenUnreachable: Int64 = 4_000_000_000
    /// A trial that times out or fails costs a caller its answer.
    package static let longestOpen: Int64 = 30_000_000_000
    /// A trial that nobody reported on.
    package static let trialLimit: Int64 = 10_000_000_000
    package static let longestPause: Int64 = 60_000_000_000

    private enum Circuit: Equatable {
        case closed
        case open(until: Int64)
        /// One request is under way that decides.
        case trial(deadline: Int64)
    }

    private var circuit = Circuit.closed
    private var lastFailure = Failure.unreachable
    private var openedAt: Int64 = .min
    /// Openings since the instance last served for a while.
    private var openings = 0
    private var inRow = 0
    private var windowStart: Int64 = .min
    private var requests = 0
    private var failures = 0
    /// Until when the backend wants to be left alone.
    private(set) var pausedUntil: Int64 = 0
    private var isProbedOut = false

    package init() {}

    /// From when it takes requests: 0 is always, `.max` not before a probe succeeds.
    package var availableAt: Int64 {
        if isProbedOut { return .max }
        switch circuit {
        case .closed: return pausedUntil
        case .open(let until): return max(until, pausedUntil)
        case .trial(let deadline): return max(deadline, pausedUntil)
        }
    }

    /// Whether a success would change anything.
    package var isDoubtful: Bool { inRow > 0 || circuit != .closed }

    /// Whether failed requests have taken it out.
    package var isCircuitOpen: Bool { circuit != .closed }

    /// Why it takes none, as the end of a sentence; `nil` when it takes requests.
    package func reason(at now: Int64) -> String? {
        guard availableAt > now || circuit != .closed else { return nil }
        if isProbedOut { return "its probe fails" }
        if case .closed = circuit { return "it asked for a pause (Retry-After)" }
        switch lastFailure {
        case .unreachable: return "it could not be reached"
        case .timedOut: return "it did not answer in time"
        case .closed, .serverError: return "too many of its answers failed"
        }
    }

    /// Asks for one request once `availableAt` has passed; the one that gets `true` is the trial.
    package mutating func admit(at now: Int64) -> Bool {
        guard availableAt <= now else { return false }
        pausedUntil = 0
        if circuit != .closed { circuit = .trial(deadline: now + Self.trialLimit) }
        return true
    }

    /// - Parameter successes: those since the last failure.
    package mutating func failed(_ failure: Failure, begun: Int64, successes: Int, at now: Int64) {
        switch circuit {
        case .closed: count(failure, successes: successes, at: now)
        case .open, .trial: if begun >= openedAt { open(failure, at: now) }
        }
    }

    /// - Returns: whether it has come back.
    package mutating func succeeded(begun: Int64, at now: Int64) -> Bool {
        switch circuit {
        case .closed:
            inRow = 0
            return false
        case .open, .trial:
            guard begun >= openedAt else { return false }
            close()
            return true
        }
    }

    /// A request is over that says nothing: when it was the trial, the next one is.
    package mutating func endedUnjudged(begun: Int64, at now: Int64) {
        guard case .trial = circuit, begun >= openedAt else { return }
        circuit = .open(until: now)
    }

    /// The backend said when it wants to be asked again.
    package mutating func pause(for duration: Int64, at now: Int64) {
        pausedUntil = max(pausedUntil, now + min(max(0, duration), Self.longestPause))
    }

    /// - Returns: whether it has come back.
    package mutating func probed(isOut: Bool) -> Bool {
        defer { isProbedOut = isOut }
        guard isProbedOut, !isOut else { return false }
        close()
        return true
    }

    private mutating func count(_ failure: Failure, successes: Int, at now: Int64) {
        if windowStart == .min || now - windowStart > Self.window {
            // What succeeded before this window says nothing about it.
            (windowStart, requests, failures) = (now, 0, 0)
        } else {
            requests += successes
        }
        requests += 1
        failures += 1
        inRow = (successes > 0 ? 0 : inRow) + (failure == .unreachable || failure == .timedOut ? 1 : 0)
        let isTooOften = requests >= Self.fewestJudged && failures * 100 >= requests * Self.failingPercent
        if inRow >= Self.failuresInRow || isTooOften { open(failure, at: now) }
    }

    private mutating func open(_ failure: Failure, at now: Int64) {
        // One that served well since the last time begins anew.
        if circuit == .closed, now - openedAt.clampedAge > Self.longestOpen { openings = 0 }
        let longest = failure == .unreachable ? Self.longestOpenUnreachable : Self.longestOpen
        let duration = min(longest, Self.shortestOpen << Int64(min(openings, 5)))
        openings += 1
        openedAt = now
        lastFailure = failure
        circuit = .open(until: now + duration)
        (inRow, windowStart, requests, failures) = (0, .min, 0, 0)
    }

    private mutating func close() {
        circuit = .closed
        (inRow, windowStart, requests, failures) = (0, .min, 0, 0)
    }
}

extension Int64 {
    /// Never, as an instant that can be subtracted.
    fileprivate var clampedAge: Int64 { self == .min ? -(1 << 62) : self }
}
