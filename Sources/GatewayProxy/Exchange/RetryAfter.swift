/// How long a backend wants to be left alone: `Retry-After` in seconds, or as a date in one of HTTP's three forms
/// (RFC 9110 10.2.3, 5.6.7).
package enum RetryAfter {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// The text's seconds from `now`, which is in seconds since 1970; `nil` for what is neither, and for what is over.
    package static func seconds(_ text: String, at now: Int64) -> Int64? {
        if let seconds = Int64(text) { return seconds }
        return date(text.lowercased()).map { $0 - now }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    private static func date(_ text: String) -> Int64? {
        let words = text.split { " ,-:".contains($0) }
        let isShort = words.count == 7
        guard isShort || words.count == 8 && words.last == "gmt" else { return nil }
        // Day, month, hour, minute, second, year.
        let places = isShort ? [2, 1, 3, 4, 5, 6] : [1, 2, 4, 5, 6, 3]
        let parts = places.map { words[$0] }
        guard let month = months.firstIndex(of: String(parts[1])), let day = number(parts[0], in: 1...31),
            let hour = number(parts[2], in: 0...23), let minute = number(parts[3], in: 0...59),
            let second = number(parts[4], in: 0...60), var year = number(parts[5], in: 0...9999)
        else { return nil }
        // What would lie far ahead with two digits is of the century before.
        if parts[5].count == 2 { year += year < 70 ? 2000 : 1900 }
        return days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, in range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), range.contains(number)
        else { return nil }
        return number
    }

    /// From 1970-01-01, in the Gregorian calendar.
    ///
    /// - Parameter month: from 0.
    private static func days(_ year: Int64, _ month: Int, _ day: Int64) -> Int64 {
        // Years that begin in March: the day that comes every four years is their last.
        let shifted = Int64((month + 10) % 12)
        let year = month < 2 ? year - 1 : year
        let leaps = year / 4 - year / 100 + year / 400
        return 365 * year + leaps + (153 * shifted + 2) / 5 + day - 1 - 719_468
    }
}
