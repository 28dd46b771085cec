/// Appends without an allocation and without a look at who else holds the bytes: what writes lines for every request is
/// made of these. There must be room; the program stops where there is not.
extension OutputSpan<UInt8> {
    /// What the digits of any number need, its sign included.
    package static var longestDecimal: Int { 20 }

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
        // Of 19 digits at most, so that the power fits.
        var digits = 1
        var power: UInt64 = 10
        while digits < 19, rest >= power {
            digits &+= 1
            power &*= 10
        }
        precondition(digits <= freeCapacity, "no room for the number")
        unsafe withUnsafeMutableBufferPointer { all, count in
            var place = count &+ digits
            count = place
            // Two digits a division: these numbers have ten and more.
            while rest >= 10 {
                let pair = UInt8(truncatingIfNeeded: rest % 100)
                rest /= 100
                place &-= 2
                unsafe all[place] = UInt8(ascii: "0") &+ pair / 10
                unsafe all[place &+ 1] = UInt8(ascii: "0") &+ pair % 10
            }
            if place > count &- digits { unsafe all[place &- 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest) }
        }
    }

    /// CR LF.
    package mutating func appendLineEnd() {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
    }

    private mutating func append(bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= freeCapacity, "no room for the text")
        guard let source = bytes.baseAddress else { return }
        unsafe withUnsafeMutableBufferPointer { all, count in
            // Safe: there is room for them, as was just looked at.
            unsafe all.baseAddress.map { unsafe ($0 + count).update(from: source, count: bytes.count) }
            count &+= bytes.count
        }
    }
}
