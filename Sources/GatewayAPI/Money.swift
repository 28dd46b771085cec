/// An amount of the currency that the operator counts in, exact to a millionth; a number in JSON.
package struct Money: Codable, Sendable, Hashable, CustomStringConvertible {
    /// Amounts stay below this, so that a JSON number holds them exactly.
    package static let largest: Int64 = 1_000_000_000_000_000

    package var millionths: Int64

    package init(millionths: Int64) {
        self.millionths = millionths
    }

    /// Reads `12`, `12.50` or `0.000125`; `nil` for everything else, more than six places included.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Self.digits(parts[0]), !parts[0].isEmpty else { return nil }
        guard whole <= Self.largest / 1_000_000 else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard (1...6).contains(parts[1].utf8.count), var digits = Self.digits(parts[1]) else { return nil }
            for _ in parts[1].utf8.count..<6 { digits *= 10 }
            fraction = digits
        }
        self.init(millionths: whole * 1_000_000 + fraction)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let number = try container.decode(Double.self) * 1_000_000
        let rounded = number.rounded()
        guard rounded >= 0, rounded <= Double(Self.largest), abs(number - rounded) < 0.01 else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "an amount is 0 to \(Self.largest / 1_000_000) with at most six decimal places"
            )
        }
        self.init(millionths: Int64(rounded))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Double(millionths) / 1_000_000)
    }

    /// As few decimal places as say it exactly.
    package var description: String {
        let magnitude = millionths.magnitude
        var fraction = String(magnitude % 1_000_000 + 1_000_000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        let whole = "\(millionths < 0 ? "-" : "")\(magnitude / 1_000_000)"
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }

    private static func digits(_ text: Substring) -> Int64? {
        guard text.utf8.count <= 15, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return text.isEmpty ? nil : Int64(text)
    }
}
