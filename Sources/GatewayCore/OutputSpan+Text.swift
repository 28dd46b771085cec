/// Appends without an allocation and without a look at who else holds the bytes: what writes lines for every request is
/// made of these. There must be room; the program stops where there is not.
extension OutputSpan<UInt8> {
    /// What the digits of any number need, its sign included.
    package static var longestDecimal: Int { 20 }

    /// Inlined, so that what is written is a few stores and no loop.
    @inlinable
    @inline(__always)
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(bytes: $0) }
    }

    package mutating func append(_ text: String) {
        let isCopied: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { unsafe append(bytes: $0) }
        if isCopied == nil { for byte in text.utf8 { append(byte) } }
    }

    package mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let digits = Self.digits(of: rest)
        precondition(digits <= freeCapacity, "no room for the number")
        unsafe withUnsafeMutableBufferPointer { all, count in
            var place = count &+ digits
            count = place
            // Two digits a division: these numbers have ten and more.
            while rest >= 10 {
                let hundreds = rest / 100
                let pair = UInt16(truncatingIfNeeded: rest &- hundreds &* 100)
                // A tenth of what is below 100.
                let tens = (pair &* 103) >> 10
                rest = hundreds
                place &-= 2
                unsafe all[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
                unsafe all[place &+ 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- tens &* 10)
            }
            if place > count &- digits { unsafe all[place &- 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest) }
        }
    }

    /// How many decimal digits a number has.
    private static func digits(of number: UInt64) -> Int {
        // 1233 / 4096 is the logarithm of 2, nearly: what comes of a number's bits is right or one too few.
        let atLeast = ((64 &- (number | 1).leadingZeroBitCount) &* 1233) >> 12
        return number >= powersOfTen[atLeast] ? atLeast &+ 1 : max(1, atLeast)
    }

    /// CR LF.
    @inlinable
    @inline(__always)
    package mutating func appendLineEnd() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }

    @inlinable
    @inline(__always)
    package mutating func append(bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= freeCapacity, "no room for the text")
        guard let source = bytes.baseAddress else { return }
        unsafe withUnsafeMutableBufferPointer { all, count in
            // Safe: there is room for them, as was just looked at.
            unsafe all.baseAddress.map { unsafe ($0 + count).update(from: source, count: bytes.count) }
            count &+= bytes.count
        }
    }
}

private let powersOfTen: InlineArray<20, UInt64> = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]
