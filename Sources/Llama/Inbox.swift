import Dispatch
import Synchronization

/// The way into the engine's thread: requests and cancels from anywhere, taken in order by the one thread that decodes.
///
/// Bounded: it knows how many requests are under way and refuses those beyond slots and queue, but for a tenant that has
/// fewer than another, or a caller that has fewer than another of a tenant that has the most: the schedule then gives it
/// the place of the other's last.
final class Inbox: Sendable {
    /// What the engine's thread is told.
    enum Message: Sendable {
        case submit(Ticket, Work)
        case cancel(Ticket)
        case stop
    }

    private struct Party {
        var underWay = 0
        var callers: [String: Int] = [:]
    }

    private struct State {
        var messages: [Message] = []
        var underWay = 0
        /// The same by tenant and by caller; none that has none.
        var tenants: [String: Party] = [:]
        var lastNumber: UInt64 = 0
        var isStopping = false
        var counters = EngineCounters()
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let slots: Int
    private let queue: Int
    let watch: StepWatch

    init(slots: Int, queue: Int, watch: StepWatch = StepWatch(limit: .seconds(60))) {
        self.slots = slots
        self.queue = queue
        self.watch = watch
    }

    func submit(_ work: Work) throws(EngineFailure) -> Ticket {
        let result = state.withLock { state -> Result<Ticket, EngineFailure> in
            guard !state.isStopping else { return .failure(.stopping) }
            guard hasRoom(state, work.terms) else { return .failure(busy) }
            state.underWay += 1
            state.tenants[work.terms.tenant, default: Party()].underWay += 1
            state.tenants[work.terms.tenant]?.callers[work.terms.caller, default: 0] += 1
            state.lastNumber += 1
            let ticket = Ticket(number: state.lastNumber)
            state.messages.append(.submit(ticket, work))
            watch.handedIn()
            return .success(ticket)
        }
        let ticket = try result.get()
        wake.signal()
        return ticket
    }

    /// What is said to those for whom there is no room.
    var busy: EngineFailure { .busy(slots: slots, queue: queue) }

    /// Those that are let in beyond the bound are there until the engine's thread looks: they have a bound of their own.
    private func hasRoom(_ state: State, _ terms: WorkTerms) -> Bool {
        let bound = slots + queue
        if state.underWay < bound { return true }
        guard state.underWay < 2 * bound else { return false }
        let own = state.tenants[terms.tenant] ?? Party()
        let most = state.tenants.values.lazy.map(\.underWay).max() ?? 0
        if own.underWay + 1 < most { return true }
        return own.underWay == most && (own.callers[terms.caller] ?? 0) + 1 < own.callers.values.max() ?? 0
    }

    func cancel(_ ticket: Ticket) {
        state.withLock { $0.messages.append(.cancel(ticket)) }
        wake.signal()
    }

    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.messages.append(.stop)
        }
        wake.signal()
    }

    var counters: EngineCounters {
        state.withLock { state in
            var counters = state.counters
            counters.waiting = max(0, state.underWay - counters.active)
            return counters
        }
    }

    // What follows is for the engine's thread.

    /// Everything that came in; waits for something when there is nothing else to do.
    func take(waiting: Bool) -> [Message] {
        while true {
            let messages = state.withLock { state in
                defer { state.messages = [] }
                // Under the lock: what is handed in from here on is seen to wait.
                if state.messages.isEmpty, waiting { watch.rests() }
                return state.messages
            }
            guard messages.isEmpty, waiting else { return messages }
            // Signals of messages that were taken without waiting are still counted: then this returns at once.
            wake.wait()
        }
    }

    /// A request is over, however it ended.
    func ended(_ terms: WorkTerms = WorkTerms()) {
        state.withLock { state in
            state.underWay -= 1
            guard var party = state.tenants.removeValue(forKey: terms.tenant) else { return }
            party.underWay -= 1
            let left = (party.callers[terms.caller] ?? 0) - 1
            party.callers[terms.caller] = left > 0 ? left : nil
            if party.underWay > 0 { state.tenants[terms.tenant] = party }
        }
    }

    func count(_ change: (inout EngineCounters) -> Void) {
        state.withLock { change(&$0.counters) }
    }
}
