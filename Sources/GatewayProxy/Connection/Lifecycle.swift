import NIOCore
import Synchronization

/// Whether the proxy takes work: read by every loop, set once on the way down.
final class Lifecycle: Sendable {
    private let ready = Atomic<Bool>(true)
    private let draining = Atomic<Bool>(false)
    private let running = Atomic<Int>(0)
    private let open = Atomic<Int>(0)
    /// How long a connection without a request is kept.
    let idle: TimeAmount
    /// How long it waits, once connections end, for one that is on its way.
    let farewell: TimeAmount

    init(idle: TimeAmount, farewell: TimeAmount) {
        self.idle = idle
        self.farewell = farewell
    }

    /// What `GET /readyz` says.
    var isReady: Bool { ready.load(ordering: .relaxed) }
    /// Whether answers that begin now are the last of their connections.
    var isDraining: Bool { draining.load(ordering: .relaxed) }
    /// Exchanges that are not settled.
    var exchanges: Int { running.load(ordering: .relaxed) }
    /// Client connections that are not closed: the last answer may still be on its way in one.
    var connections: Int { open.load(ordering: .relaxed) }

    func stopBeingReady() { ready.store(false, ordering: .relaxed) }

    func startDraining() { draining.store(true, ordering: .relaxed) }

    func connectionOpened() { open.wrappingAdd(1, ordering: .relaxed) }

    func connectionClosed() { open.wrappingSubtract(1, ordering: .relaxed) }

    func exchangeBegan() { running.wrappingAdd(1, ordering: .relaxed) }

    func exchangeEnded() { running.wrappingSubtract(1, ordering: .relaxed) }
}
