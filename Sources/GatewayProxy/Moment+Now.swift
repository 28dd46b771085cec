import GatewayCore
import NIOCore

extension Moment {
    /// The present instant by both clocks.
    static var now: Moment {
        Moment(uptime: Int64(clamping: NIODeadline.now().uptimeNanoseconds), wall: WallClock.now() / 1_000_000)
    }
}
