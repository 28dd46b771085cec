import GatewayCore

/// Decides when one instance's outages are told as alarms: at most one of a kind in a minute, and in the end how it stands.
///
/// Times are nanoseconds of the monotonic clock.
struct AlarmTrack {
    static let interval: Int64 = 60_000_000_000

    /// How an instance stands.
    enum Finding: Equatable {
        case inUse
        /// Taken out because it failed.
        case ejected(InstanceAlarm.Cause, String)
        /// Takes no requests for a reason that is no alarm: it is not ready, or asked for a pause.
        case resting
    }

    /// What is to be told.
    enum News: Equatable {
        case ejected(InstanceAlarm.Cause, String, since: Int64)
        case returned(from: InstanceAlarm.Cause, since: Int64)
    }

    private var cause: InstanceAlarm.Cause?
    private var detail = ""
    /// When it went out, or came back.
    private var since: Int64 = 0
    /// What was told of last and has not been taken back since.
    private var told: InstanceAlarm.Cause?
    private var lastEjected: Int64?
    private var lastReturned: Int64?

    mutating func follow(_ finding: Finding, at now: Int64) -> News? {
        switch finding {
        case .ejected(let cause, let detail):
            if self.cause == nil { since = now }
            (self.cause, self.detail) = (cause, detail)
        case .inUse:
            if cause != nil { since = now }
            cause = nil
        case .resting: break
        }
        return news(at: now)
    }

    private mutating func news(at now: Int64) -> News? {
        guard let cause else { return tellReturned(at: now) }
        // One that is out already is news only when it turns out to be dead.
        guard told == nil || (told == .circuitBreaker && cause == .livenessProbe) else { return nil }
        guard Self.isDue(lastEjected, at: now) else { return nil }
        lastEjected = now
        told = cause
        return .ejected(cause, detail, since: since)
    }

    private mutating func tellReturned(at now: Int64) -> News? {
        guard let from = told, Self.isDue(lastReturned, at: now) else { return nil }
        lastReturned = now
        told = nil
        return .returned(from: from, since: since)
    }

    private static func isDue(_ last: Int64?, at now: Int64) -> Bool { last.map { now - $0 >= interval } ?? true }
}
