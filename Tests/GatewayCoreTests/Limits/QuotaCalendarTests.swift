import Foundation
import GatewayCore
import Testing

@Suite struct QuotaCalendarTests {
    private static func second(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }

    @Test(arguments: [
        (QuotaRule.Window.day, "UTC", "2026-02-28T23:59:59Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
        (.day, "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        (.day, "Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        (.day, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        (.day, "Asia/Kathmandu", "2026-06-01T18:20:00Z", "2026-06-01T18:15:00Z", "2026-06-02T18:15:00Z"),
        // Midnight does not exist there on this day.
        (.day, "Asia/Beirut", "2025-03-29T23:00:00Z", "2025-03-29T22:00:00Z", "2025-03-30T21:00:00Z"),
        (.week, "UTC", "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        (.week, "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"),
        (.week, "UTC", "2027-01-01T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
        (.month, "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        (.month, "Europe/Berlin", "2026-03-31T21:59:59Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
        (.month, "Europe/Berlin", "2026-12-31T23:00:00Z", "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z"),
    ])
    func `windows are those of the calendar`(
        window: QuotaRule.Window,
        timeZone: String,
        instant: String,
        start: String,
        end: String
    ) throws {
        let found = QuotaCalendar(window, timeZone: timeZone).window(at: try Self.second(instant))
        #expect(found.start == (try Self.second(start)))
        #expect(found.end == (try Self.second(end)))
    }

    @Test func `windows follow each other without a gap through the years`() {
        for window in QuotaRule.Window.allCases {
            let calendar = QuotaCalendar(window, timeZone: "Europe/Berlin")
            var last = calendar.window(at: 0)
            for _ in 0..<400 {
                let next = calendar.window(at: last.end)
                #expect(next.start == last.end)
                #expect(calendar.window(at: next.end - 1) == next)
                last = next
            }
        }
    }

    @Test func `an unknown time zone is not known and counts as UTC`() {
        #expect(!QuotaCalendar.isKnown(timeZone: "Europe/Nowhere"))
        #expect(QuotaCalendar.isKnown(timeZone: "America/Argentina/Buenos_Aires"))
        let utc = QuotaCalendar(.day, timeZone: "UTC").window(at: LimitFixture.noon)
        #expect(QuotaCalendar(.day, timeZone: "Europe/Nowhere").window(at: LimitFixture.noon) == utc)
    }

    @Test(arguments: [Int64.max, .min, 0, -1])
    func `every instant has a window`(wall: Int64) {
        for window in QuotaRule.Window.allCases {
            let found = QuotaCalendar(window, timeZone: "Europe/Berlin").window(at: wall)
            #expect(found.start < found.end)
        }
    }
}
