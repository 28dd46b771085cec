// This module owns the model: everything of llama.cpp, which no other module sees, on one thread of its own per engine.
// It knows nothing of HTTP. Without the package trait `Llama` only the parts without a model are built, and starting
// an engine says so.

/// A loaded model that answers several requests at once.
package final class Engine: Sendable {
    package let card: ModelCard
    private let inbox: Inbox

    init(card: ModelCard, inbox: Inbox) {
        self.card = card
        self.inbox = inbox
    }

    deinit {
        inbox.stop()
    }

    /// Loads the model on the engine's own thread and returns when it can be asked.
    package static func start(_ options: EngineOptions) async throws(EngineFailure) -> Engine {
        #if Llama
            let inbox = Inbox(
                slots: options.slots,
                queue: options.queue,
                watch: StepWatch(limit: options.stepLimit)
            )
            let card = try await EngineThread.start(options, inbox)
            return Engine(card: card, inbox: inbox)
        #else
            throw .notBuiltIn
        #endif
    }

    /// Hands in a request.
    ///
    /// Refused at once when slots and queue are full, or the model is of another kind; every later news goes to
    /// `work.deliver`.
    package func submit(_ work: Work) throws(EngineFailure) -> Ticket {
        guard card.kind.answers(work.prompt) else { throw .wrongKind(card.kind) }
        return try inbox.submit(work)
    }

    /// Ends a request whose answer nobody waits for any more; its slot is free after the step that is being computed.
    package func cancel(_ ticket: Ticket) {
        inbox.cancel(ticket)
    }

    package var counters: EngineCounters { inbox.counters }

    /// Why its thread is taken to hang, as a sentence; nil while it is at work or has none.
    package var fault: String? { inbox.watch.fault() }
}
