/// One instant as admission is told of it, by both clocks.
package struct Moment: Sendable, Equatable {
    /// Nanoseconds of the monotonic clock: limits and time-outs count these, so that a stepped clock opens nothing.
    package var uptime: Int64
    /// Seconds since 1970: expiry and calendar windows.
    package var wall: Int64

    package init(uptime: Int64, wall: Int64) {
        self.uptime = uptime
        self.wall = wall
    }
}
