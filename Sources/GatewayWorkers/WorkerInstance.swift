/// The life of one instance as its supervisor sees it; owns no process, says what to do.
struct WorkerInstance {
    /// What to do after an event.
    enum Action: Equatable {
        case wait
        case announceReady
        /// Tell that it takes no requests any more; those that it has go on.
        case announceGone
        /// Tell that it is gone if it was ready, wait, then start it again.
        case restart(after: Duration, wasReady: Bool)
        /// Tell that it is gone if it was ready, then ask the process to end.
        case terminate(wasReady: Bool)
        case finish
    }

    private(set) var state = InstanceState.starting
    private var backoff = RestartBackoff()
    /// Processes in a row that ended before they answered.
    private var unanswered = 0

    /// The health probe was answered.
    mutating func processAnswered() -> Action {
        switch state {
        case .starting:
            state = .ready
            unanswered = 0
            return .announceReady
        case .ready, .draining, .restarting, .stopping, .stopped:
            return .wait
        }
    }

    /// It is not needed any more: it finishes what it has.
    mutating func drainRequested() -> Action {
        switch state {
        case .ready:
            state = .draining
            return .announceGone
        case .starting, .restarting: return stopRequested()
        case .draining, .stopping, .stopped: return .wait
        }
    }

    /// It is needed again before it has finished.
    mutating func drainRevoked() -> Action {
        switch state {
        case .draining:
            state = .ready
            return .announceReady
        case .starting, .ready, .restarting, .stopping, .stopped: return .wait
        }
    }

    /// Whether a request may wait for the next start: one death may be an accident, and one that answered before it died
    /// will again, but not for ever.
    var isHopeful: Bool { unanswered < 2 && backoff.failures < 6 }

    /// The process ended, or could not be started.
    mutating func processEnded(_ reason: String, afterRunning lifetime: Duration) -> Action {
        switch state {
        case .starting, .ready:
            let wasReady = state == .ready
            if !wasReady { unanswered += 1 }
            let delay = backoff.delay(afterRunning: lifetime)
            state = .restarting(failures: backoff.failures, reason: reason)
            return .restart(after: delay, wasReady: wasReady)
        case .draining, .stopping:
            state = .stopped
            return .finish
        case .restarting, .stopped:
            return .wait
        }
    }

    /// The time before a restart is over.
    mutating func restartDue() {
        switch state {
        case .restarting: state = .starting
        case .starting, .ready, .draining, .stopping, .stopped: break
        }
    }

    /// The deployment is gone, or the gateway stops.
    mutating func stopRequested() -> Action {
        switch state {
        case .starting, .ready:
            let wasReady = state == .ready
            state = .stopping
            return .terminate(wasReady: wasReady)
        case .draining:
            state = .stopping
            return .terminate(wasReady: false)
        case .restarting:
            state = .stopped
            return .finish
        case .stopping, .stopped:
            return .wait
        }
    }
}

/// Where an instance is in its life.
package enum InstanceState: Sendable, Equatable {
    case starting
    case ready
    /// It takes no more requests and finishes those that it has.
    case draining
    case restarting(failures: Int, reason: String)
    case stopping
    case stopped
}
