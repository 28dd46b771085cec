/// A span of time as people write it: `24h`, `30d`, `1h30m`, seconds as a plain number, or ISO 8601 (`PT24H`, `P30D`).
struct HumaneDuration: Equatable, CustomStringConvertible {
    /// Ten years: longer than any setting that takes one.
    static let longest: Int64 = 10 * 366 * 86_400

    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    /// `nil` for what is neither form, is negative or is longer than ten years.
    init?(_ text: String) {
        guard let seconds = Self.read(text), seconds <= Self.longest else { return nil }
        self.init(seconds: seconds)
    }

    static func isTooLong(_ text: String) -> Bool { (read(text) ?? 0) > longest }

    private static func read(_ text: String) -> Int64? {
        text.hasPrefix("P") ? readISO(text.dropFirst()) : readShort(text[...])
    }

    private static let shortUnits: [(unit: Character, seconds: Int64)] = [
        ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    private static func readShort(_ text: Substring) -> Int64? {
        if let seconds = number(text) { return seconds }
        return read(text, units: shortUnits)
    }

    /// ISO 8601 without years and months, which have no fixed length.
    private static func readISO(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        let days = parts[0].isEmpty ? 0 : read(parts[0], units: [("W", 604_800), ("D", 86_400)])
        guard parts.count == 2 else { return parts[0].isEmpty ? nil : days }
        guard let days, let time = read(parts[1], units: [("H", 3600), ("M", 60), ("S", 1)]) else { return nil }
        return days + time
    }

    /// Numbers with units, the larger units first, each at most once.
    private static func read(_ text: Substring, units: [(unit: Character, seconds: Int64)]) -> Int64? {
        var rest = text
        var next = 0
        var sum: Int64 = 0
        while let end = rest.firstIndex(where: { !$0.isNumber }) {
            guard let count = number(rest[..<end]),
                let index = units[next...].firstIndex(where: { $0.unit == rest[end] })
            else { return nil }
            sum += count * units[index].seconds
            next = index + 1
            rest = rest[rest.index(after: end)...]
        }
        return rest.isEmpty && next > 0 ? sum : nil
    }

    private static func number(_ text: Substring) -> Int64? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    /// The shortest way to write it that `init(_:)` reads.
    var description: String {
        guard seconds > 0 else { return "0s" }
        if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        var rest = seconds
        var text = ""
        for (unit, length) in Self.shortUnits where unit != "w" && rest >= length {
            text += "\(rest / length)\(unit)"
            rest %= length
        }
        return text
    }
}
