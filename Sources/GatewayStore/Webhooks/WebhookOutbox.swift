import Synchronization

/// Takes events from any thread without waiting and hands them to the sender, which makes them durable.
///
/// Bounded in number and in bytes: what does not fit is dropped and counted.
package final class WebhookOutbox: Sendable {
    /// What was taken at once.
    package struct Batch: Sendable {
        package var events: [WebhookEvent] = []
        package var dropped = 0
    }

    /// The batch that grows, with what its data takes.
    private struct Waiting {
        var batch = Batch()
        var bytes = 0
    }

    private let mostEvents: Int
    private let mostBytes: Int
    private let waiting = Mutex(Waiting())
    /// An element means: look whether there is work; for one reader.
    package let wakes: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    package init(mostEvents: Int = 10_000, mostBytes: Int = 16 << 20) {
        self.mostEvents = mostEvents
        self.mostBytes = mostBytes
        (wakes, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells the webhooks of the event's tenant.
    package func emit(_ event: WebhookEvent) {
        let size = event.data.utf8.count
        waiting.withLock { waiting in
            if waiting.batch.events.count < mostEvents, waiting.bytes + size <= mostBytes {
                waiting.batch.events.append(event)
                waiting.bytes += size
            } else {
                waiting.batch.dropped += 1
            }
        }
        wakeUp.yield()
    }

    /// Has the sender look now; call when the webhooks changed.
    package func wake() {
        wakeUp.yield()
    }

    package func takeAll() -> Batch {
        waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting.batch
        }
    }
}
