import NIOCore

/// The handlers that flush when their event loop has read all that was ready in this turn.
final class TurnFlushes {
    private let loop: any EventLoop
    private var waiting: [ExchangeHandler] = []
    /// Kept for its storage.
    private var flushing: [ExchangeHandler] = []

    init(on loop: any EventLoop) {
        self.loop = loop
    }

    func add(_ handler: ExchangeHandler) {
        // The loop runs what it is told to after the events of its turn, and at once when there are none.
        if waiting.isEmpty { loop.assumeIsolated().execute { self.flush() } }
        waiting.append(handler)
    }

    private func flush() {
        swap(&waiting, &flushing)
        for handler in flushing { handler.turnEnded() }
        flushing.removeAll(keepingCapacity: true)
    }
}
