import Foundation

/// Instants as the admin API writes them: ISO 8601, in UTC.
package enum WireTime {
    /// - Parameter seconds: since 1970.
    package static func text(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }

    /// With thousandths of a second.
    ///
    /// - Parameter milliseconds: since 1970.
    package static func precise(milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(precise)
    }

    /// `.iso8601.time(includingFractionalSeconds: true)` would leave the day out.
    private static let precise = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Seconds since 1970 of a time with its zone, `2026-12-31T18:00:00Z`; `nil` for what is none.
    package static func seconds(_ text: String) -> Int64? {
        guard isReal(text) else { return nil }
        let whole = try? Date(text, strategy: .iso8601)
        let date = whole ?? (try? Date(text, strategy: precise))
        guard let seconds = date?.timeIntervalSince1970, abs(seconds) < 1e12 else { return nil }
        return Int64(seconds.rounded(.down))
    }

    /// Foundation takes 30 February for 2 March, and 25 o'clock for one.
    private static func isReal(_ text: String) -> Bool {
        let day = text.prefix(10)
        let clock = text.dropFirst(11).prefix(8).split(separator: ":").map { Int($0) ?? 99 }
        guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] < 60 else { return false }
        let midnight = try? Date("\(day)T00:00:00Z", strategy: .iso8601)
        return midnight.map { $0.formatted(.iso8601).prefix(10) == day } ?? false
    }

    static func read(_ text: String, member: String) throws(APIError) -> Int64 {
        guard let seconds = seconds(text) else {
            throw APIError(
                .invalid,
                "\(text.debugDescription) is not a time in ISO 8601; write 2026-12-31T18:00:00Z",
                target: member
            )
        }
        return seconds
    }
}
