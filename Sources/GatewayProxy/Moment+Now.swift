import GatewayCore
import NIOCore

extension Moment {
    /// The present instant by both clocks.
    static var now: Moment {
        Moment(uptime: Int64(clamping: NIODeadline.now().uptimeNanoseconds), wall: WallClock.now() / 1_000_000)
    }
}

extension Int64 {
    /// Nanoseconds of the monotonic clock, as `Moment` counts them.
    static var uptime: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}

extension Duration {
    var milliseconds: Int {
        Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
