import Llama
import Logging
import Synchronization

/// What all connections share: the model once it is loaded, how many answers are open, and whether the server stops.
final class Station: Sendable {
    /// What the server can do for a request now.
    enum Readiness {
        case loading
        case ready(Engine)
        case stopping
    }

    /// How soon a stop may be done.
    enum Stop {
        case now
        case afterDrain
    }

    private struct State {
        var engine: Engine?
        var isStopping = false
        var open = 0
        var stopWaiter: CheckedContinuation<Void, Never>?
        var drainWaiter: CheckedContinuation<Void, Never>?
    }

    let name: String
    let started = Clock.seconds
    let log: Logger
    private let state = Mutex(State())

    init(name: String, _ log: Logger) {
        self.name = name
        self.log = log
    }

    var readiness: Readiness {
        state.withLock { state in
            if state.isStopping { return .stopping }
            return state.engine.map { .ready($0) } ?? .loading
        }
    }

    func open(_ engine: Engine) {
        state.withLock { $0.engine = engine }
        let card = engine.card
        log.info(
            "ready",
            metadata: [
                "model": "\(name)", "context": "\(card.context)", "slots": "\(card.slots)",
                "threads": "\(card.threads)",
                "chat": "\(card.canChat)", "devices": "\(card.devices.joined(separator: ","))",
            ]
        )
    }

    /// An answer was begun.
    func began() {
        state.withLock { $0.open += 1 }
    }

    /// An answer is over, whatever became of it.
    func ended() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.open -= 1
            return state.open == 0 ? state.drainWaiter.take() : nil
        }
        waiter?.resume()
    }

    func stop() -> Stop {
        let (stop, waiter) = state.withLock { state -> (Stop, CheckedContinuation<Void, Never>?) in
            let stop: Stop = state.isStopping || state.engine == nil ? .now : .afterDrain
            state.isStopping = true
            return (stop, state.stopWaiter.take())
        }
        waiter?.resume()
        return stop
    }

    func stopRequested() async {
        await withCheckedContinuation { continuation in
            let isStopping = state.withLock { state in
                if !state.isStopping { state.stopWaiter = continuation }
                return state.isStopping
            }
            if isStopping { continuation.resume() }
        }
    }

    /// Returns when no answer is open.
    func drained() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.open > 0 { state.drainWaiter = continuation }
                return state.open == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Gives up waiting for open answers.
    func abandon() {
        state.withLock { $0.drainWaiter.take() }?.resume()
    }
}
