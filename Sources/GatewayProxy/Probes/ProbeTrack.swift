import GatewayCore

/// Counts the answers to one of an instance's two probes: so many in a row take it out, so many put it back.
struct ProbeTrack {
    /// How often it is asked until it succeeds, whatever its period: a new deployment's status waits for that, and callers
    /// for one that was out.
    static let hurry: Int64 = 1_000_000_000

    let settings: ProbeSettings
    /// When it is to be asked next, in nanoseconds of the monotonic clock.
    private(set) var due: Int64
    /// Whether it has ever succeeded as often in a row as it must.
    private(set) var hasPassed = false
    /// Whether it has failed as often in a row as takes an instance out.
    private(set) var hasFailed = false
    private let started: Int64
    private var successes = 0
    private var failures = 0
    private var lastCounted: Int64?

    /// - Parameter earlier: what other settings found: a failure stands until it succeeds, a success does not.
    init(_ settings: ProbeSettings, after earlier: ProbeTrack? = nil, at now: Int64) {
        self.settings = settings
        if let earlier, earlier.hasFailed { (hasPassed, hasFailed) = (earlier.hasPassed, true) }
        started = now
        due = now
    }

    mutating func answered(_ isSuccess: Bool, at now: Int64) {
        if isSuccess { succeeded() } else { failed(at: now) }
        due = now + (hasPassed && !hasFailed ? period : min(period, Self.hurry))
    }

    private mutating func succeeded() {
        failures = 0
        lastCounted = nil
        successes += 1
        guard successes >= settings.successThreshold else { return }
        hasPassed = true
        hasFailed = false
    }

    /// Failures that come faster than the period, or before the initial delay has passed, are no more than one.
    private mutating func failed(at now: Int64) {
        successes = 0
        guard now - started >= Int64(settings.initialDelay) * 1_000_000_000 else { return }
        // A probe that took its whole timeout is not late: half a period tells hurried ones apart.
        if let lastCounted, now - lastCounted < period / 2 { return }
        lastCounted = now
        failures += 1
        if failures >= settings.failureThreshold { hasFailed = true }
    }

    private var period: Int64 { Int64(max(1, settings.period)) * 1_000_000_000 }
}
