import GatewayCore
import NIOCore
import Synchronization

/// How late an event loop does what is due: every request on it waits that long besides.
final class LoopLag: Sendable {
    private static let tick = TimeAmount.milliseconds(250)

    private let lags = Mutex(Histogram(.lags))

    var histogram: Histogram { lags.withLock { $0 } }

    /// Until the loop stops.
    func watch(_ loop: any EventLoop) {
        let due = NIODeadline.now() + Self.tick
        loop.scheduleTask(deadline: due) { [self] in
            let late = (NIODeadline.now() - due).nanoseconds
            lags.withLock { $0.record(late) }
            watch(loop)
        }
    }
}
