/// The value of a number as JSON writes it, with all of its digits: the same for `12`, `12.0` and `1.2e1`.
///
/// A `Double` of it would be the same for whole numbers beyond 2^53 that differ.
struct ExactNumber: Equatable {
    private var isNegative: Bool
    /// Without zeros at either end; none are the number 0.
    private var digits: ArraySlice<UInt8>
    /// What the last digit counts, as a power of ten.
    private var power: Int

    /// - Returns: `nil` for what is no number, or has a power of ten that no `Int32` holds.
    init?(_ text: String) {
        let parts = text.utf8.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        guard let written = parts.first else { return nil }
        power = 0
        if parts.count > 1 {
            guard let exponent = Int32(Substring(parts[1])) else { return nil }
            power = Int(exponent)
        }
        isNegative = written.first == UInt8(ascii: "-")
        var isFraction = false
        digits = []
        for byte in written {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits.append(byte)
                if isFraction { power -= 1 }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "-"), UInt8(ascii: "+"): continue
            default: return nil
            }
        }
        dropZeros()
    }

    private mutating func dropZeros() {
        digits = digits.drop { $0 == UInt8(ascii: "0") }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        guard digits.isEmpty else { return }
        (isNegative, power) = (false, 0)
    }
}
