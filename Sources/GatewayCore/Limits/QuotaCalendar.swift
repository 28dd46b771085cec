// Time zones and their daylight saving need Foundation; nothing on the hot path comes here, only a window that has passed.
import Foundation

/// The seconds since 1970 between which a quota counts.
package struct QuotaWindow: Sendable, Equatable {
    package var start: Int64
    /// The first second of the next window.
    package var end: Int64

    var length: Int64 { end - start }
}

/// Finds the calendar window that an instant lies in.
package struct QuotaCalendar: Sendable, Hashable {
    package let window: QuotaRule.Window
    /// IANA name; an unknown one counts as UTC.
    package let timeZone: String

    package init(_ window: QuotaRule.Window, timeZone: String) {
        self.window = window
        self.timeZone = timeZone
    }

    package static func isKnown(timeZone: String) -> Bool { TimeZone(identifier: timeZone) != nil }

    /// Seconds since 1970 by the system's clock.
    package static func wall() -> Int64 { Int64(Date().timeIntervalSince1970) }

    package func window(at wall: Int64) -> QuotaWindow {
        let wall = Moment(uptime: 0, wall: wall).bounded.wall
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = TimeZone(identifier: timeZone) ?? .gmt
        // ISO 8601: a week begins on Monday, whatever the locale of the machine says.
        calendar.firstWeekday = 2
        let component: Calendar.Component =
            switch window {
            case .day: .day
            case .week: .weekOfYear
            case .month: .month
            }
        guard let interval = calendar.dateInterval(of: component, for: Date(timeIntervalSince1970: Double(wall))) else {
            return fixed(at: wall)
        }
        let found = QuotaWindow(
            start: Int64(interval.start.timeIntervalSince1970),
            end: Int64(interval.end.timeIntervalSince1970)
        )
        return found.start <= wall && wall < found.end ? found : fixed(at: wall)
    }

    /// For instants that no calendar has: windows of equal length.
    private func fixed(at wall: Int64) -> QuotaWindow {
        let length: Int64 =
            switch window {
            case .day: 86_400
            case .week: 604_800
            case .month: 2_592_000
            }
        let remainder = wall % length
        let start = wall - (remainder < 0 ? remainder + length : remainder)
        return QuotaWindow(start: start, end: start + length)
    }
}

extension Moment {
    /// The same moment with a wall clock within three thousand years, so that sums of seconds cannot overflow.
    var bounded: Moment { Moment(uptime: uptime, wall: min(max(wall, -100_000_000_000), 100_000_000_000)) }
}
