import Synchronization

/// Notes what the engine's thread is at and since when, so that others can tell one that hangs from one that is busy.
///
/// A step is bounded by its tokens, whatever is asked: as many as a step on a processor has get `limit`, and one of more
/// gets it several times. Time that goes by while the machine sleeps does not count.
final class StepWatch: Sendable {
    private enum Phase {
        /// There is nothing to do.
        case idle
        /// There is something to do, and no step has begun.
        case due
        case reading
        case computing
    }

    private struct State {
        var phase = Phase.idle
        var since = SuspendingClock.now
        /// How long that may last.
        var bound = Duration.zero
        var isFirst = true

        mutating func enter(_ phase: Phase, _ bound: Duration, at now: SuspendingClock.Instant) {
            (self.phase, self.bound, since) = (phase, bound, now)
        }
    }

    /// Of a step that has `limit` once; steps of a decoder on a processor have no more.
    static let tokens = Schedule.Budget().step
    /// The first step may read all of the model's file, and compile what a GPU needs.
    static let patience = 10

    let limit: Duration
    private let state = Mutex(State())

    init(limit: Duration) {
        self.limit = limit
    }

    /// Why the engine is taken to hang, as a sentence; `nil` when it is not.
    func fault(at now: SuspendingClock.Instant = .now) -> String? {
        let state = state.withLock { $0 }
        let lasted = now - state.since
        guard state.phase != .idle, lasted > state.bound else { return nil }
        let seconds = lasted.components.seconds
        let fault =
            switch state.phase {
            case .idle, .due: "requests wait, and its engine has begun no step for \(seconds) s"
            case .reading: "its engine has read one prompt for \(seconds) s"
            case .computing: "one step of its engine has taken \(seconds) s so far"
            }
        return "\(fault); step_seconds = \(limit.components.seconds)"
    }

    /// Something was handed in.
    func handedIn(at now: SuspendingClock.Instant = .now) {
        state.withLock { if $0.phase == .idle { $0.enter(.due, limit, at: now) } }
    }

    // What follows is for the engine's thread.

    /// There is nothing to do.
    func rests() {
        state.withLock { $0.phase = .idle }
    }

    /// A step begins.
    func begins(_ tokens: Int, at now: SuspendingClock.Instant = .now) {
        let times = max(1, (tokens + Self.tokens - 1) / Self.tokens)
        state.withLock { state in
            state.enter(.computing, limit * (state.isFirst ? times * Self.patience : times), at: now)
            state.isFirst = false
        }
    }

    /// The step is done, the next one is due.
    func ended(at now: SuspendingClock.Instant = .now) {
        state.withLock { $0.enter(.due, limit, at: now) }
    }

    /// Reads what was handed in: it may take as long as a step, and the step that is due is due so much later.
    func reads(_ body: () -> Void) {
        let began = SuspendingClock.now
        let before = state.withLock { state in
            defer { state.enter(.reading, limit, at: began) }
            return state
        }
        body()
        let took = began.duration(to: .now)
        state.withLock { $0.enter(before.phase, before.bound, at: before.since + took) }
    }
}
