import Foundation

/// The time of day, for what expires by the calendar.
package enum WallClock {
    /// Seconds since 1970.
    package static var seconds: Int64 { Int64(Date().timeIntervalSince1970) }
    /// Milliseconds since 1970.
    package static var milliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
