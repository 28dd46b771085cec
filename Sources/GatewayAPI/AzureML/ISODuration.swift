/// A span of time as Azure writes it: `PT5S`, `PT0.5S`, `PT1M30S`, `P1DT2H`.
package struct ISODuration: Sendable, Equatable {
    /// A hundred years; nothing here lasts longer.
    private static let longest: Int64 = 36_525 * 86_400_000

    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads weeks, days, hours, minutes and seconds, the last part also with a fraction; years and months have no length.
    package init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "P") else { return nil }
        let halves = text.dropFirst().split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.count == 1 || !halves[1].isEmpty else { return nil }
        let date = Self.sum(halves[0], units: [("W", 604_800_000), ("D", 86_400_000)])
        let clock =
            halves.count == 1 ? 0 : Self.sum(halves[1], units: [("H", 3_600_000), ("M", 60_000), ("S", 1000)])
        guard let date, let clock, text.utf8.count > 1, date + clock <= Self.longest else { return nil }
        milliseconds = date + clock
    }

    /// The shortest spelling, the same that Azure's SDK sends.
    package var text: String {
        guard milliseconds > 0 else { return "PT0S" }
        let (days, clock) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        let (hours, minutes, seconds) = (clock / 3_600_000, clock / 60_000 % 60, clock % 60_000)
        let date = days > 0 ? "\(days)D" : ""
        let time =
            (hours > 0 ? "\(hours)H" : "") + (minutes > 0 ? "\(minutes)M" : "")
            + (seconds > 0 ? "\(Self.seconds(seconds))S" : "")
        return "P" + date + (time.isEmpty ? "" : "T" + time)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let fraction = milliseconds % 1000
        guard fraction > 0 else { return String(milliseconds / 1000) }
        var digits = String(1000 + fraction).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(milliseconds / 1000).\(digits)"
    }

    /// The parts of one half in their order, each at most once; `nil` for anything else.
    private static func sum(_ text: Substring, units: [(Character, Int64)]) -> Int64? {
        var rest = text
        var total: Int64 = 0
        for (unit, length) in units {
            guard let end = rest.firstIndex(of: unit) else { continue }
            guard let value = milliseconds(rest[..<end], length) else { return nil }
            total += value
            rest = rest[rest.index(after: end)...]
        }
        return rest.isEmpty ? total : nil
    }

    private static func milliseconds(_ number: Substring, _ unit: Int64) -> Int64? {
        let parts = number.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
        let isNumber = number.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x2c }
        guard isNumber, (1...2).contains(parts.count), let whole = Int64(parts[0]), whole <= longest / unit else {
            return nil
        }
        guard parts.count == 2 else { return whole * unit }
        guard (1...9).contains(parts[1].utf8.count), let fraction = Double("0.\(parts[1])") else { return nil }
        return whole * unit + Int64(fraction * Double(unit))
    }
}
