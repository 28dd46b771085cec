import Foundation
import GatewayAdmin

/// An instant as people write it: `2026-12-31`, `2026-12-31T18:00:00Z`, or a span of time from now or before it.
enum HumaneTime {
    /// Where a span of time leads.
    enum Direction {
        case future
        case past
    }

    static let forms = "write 2026-12-31, 2026-12-31T18:00:00Z or a span such as 30d"

    static func read(_ text: String, _ direction: Direction, now: Date) -> Date? {
        if let date = readISO(text) { return date }
        guard let span = HumaneDuration(text) else { return nil }
        return now.addingTimeInterval(Double(direction == .future ? span.seconds : -span.seconds))
    }

    /// What is wrong with a text that `read` does not take.
    static func problem(_ text: String) -> String {
        if text.prefixMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil { return "there is no such day or time; \(forms)" }
        let isLong = HumaneDuration.isTooLong(text)
        return isLong ? "a span is at most \(HumaneDuration(seconds: HumaneDuration.longest)); \(forms)" : forms
    }

    /// ISO 8601: a day in UTC, or a time with its zone.
    static func readISO(_ text: String) -> Date? {
        let text = text.utf8.count == 10 ? "\(text)T00:00:00Z" : text
        return WireTime.seconds(text).map { Date(timeIntervalSince1970: Double($0)) }
    }

    static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
