import Llama
import Logging
import Synchronization

/// What all connections share: the model once it is loaded, how many answers are open, and whether the server stops.
final class Station: Sendable {
    /// What the server can do for a request now.
    enum Readiness {
        case loading
        case ready(Engine)
        /// What still comes is answered, as long as there is somebody to answer.
        case stopping(Engine?)
    }

    /// How soon a stop may be done.
    enum Stop {
        case now
        case afterDrain
    }

    private struct State {
        var engine: Engine?
        var isStopping = false
        var connections = 0
        /// Answers that were begun and are not over.
        var open = 0
        /// When a connection or an answer last began or ended, or the stop was asked for.
        var lastChange = ContinuousClock.now
        var stopWaiter: CheckedContinuation<Void, Never>?
    }

    /// How long nothing may happen before a stop takes it that nothing more comes.
    private static let quiet = Duration.milliseconds(250)
    /// The same while connections are kept open: the gateway closes those that it does not use within this time.
    private static let quietConnections = Duration.seconds(6)

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
            if state.isStopping { return .stopping(state.engine) }
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
                "threads": "\(card.threads)", "kind": "\(card.kind.rawValue)",
                "chat": "\(card.canChat)", "devices": "\(card.devices.joined(separator: ","))",
            ]
        )
    }

    /// A connection was made.
    func connected() { change { $0.connections += 1 } }

    func disconnected() { change { $0.connections -= 1 } }

    /// An answer was begun.
    func began() { change { $0.open += 1 } }

    /// An answer is over, whatever became of it.
    func ended() { change { $0.open -= 1 } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.lastChange = .now
        }
    }

    /// Whether nobody can have a request on its way here any more: who stops this server has told its clients before, but
    /// what they had sent may still wait in the socket's queue or in a kept connection.
    var isQuiet: Bool {
        state.withLock { state in
            let quiet = state.connections == 0 ? Self.quiet : Self.quietConnections
            return state.open == 0 && state.lastChange.duration(to: .now) >= quiet
        }
    }

    func stop() -> Stop {
        let (stop, waiter) = state.withLock { state -> (Stop, CheckedContinuation<Void, Never>?) in
            let stop: Stop = state.isStopping || state.engine == nil ? .now : .afterDrain
            state.isStopping = true
            state.lastChange = .now
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
}
