/// Finds members of one JSON object without decoding it: ranges into the bytes, no copies, no recursion.
///
/// It checks only what it needs to stay in step (strings, brackets); whoever reads the body for real judges the rest.
package enum JSONScan {
    /// One member: its name's bytes without quotes and the range of its value.
    package struct Member {
        package let name: Range<Int>
        package let value: Range<Int>
    }

    package enum Outcome: Equatable {
        /// The object was read to its closing brace.
        case complete
        /// The bytes ended inside the object.
        case truncated
        case notAnObject
    }

    /// Visits each member of the object that begins at `start` (white space before it is skipped).
    package static func members(
        of bytes: borrowing Span<UInt8>,
        from start: Int = 0,
        visit: (Member) -> Void
    ) -> Outcome {
        var at = skipSpace(bytes, start)
        guard at < bytes.count else { return .truncated }
        guard bytes[at] == UInt8(ascii: "{") else { return .notAnObject }
        at = skipSpace(bytes, at + 1)
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") { return .complete }
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "\"") else { return .notAnObject }
            guard let nameEnd = endOfString(bytes, at) else { return .truncated }
            let name = at + 1..<nameEnd - 1
            at = skipSpace(bytes, nameEnd)
            guard at < bytes.count else { return .truncated }
            guard bytes[at] == UInt8(ascii: ":") else { return .notAnObject }
            at = skipSpace(bytes, at + 1)
            guard let valueEnd = endOfValue(bytes, at) else { return .truncated }
            guard valueEnd > at else { return .notAnObject }
            visit(Member(name: name, value: at..<valueEnd))
            at = skipSpace(bytes, valueEnd)
            guard at < bytes.count else { return .truncated }
            if bytes[at] == UInt8(ascii: "}") { return .complete }
            guard bytes[at] == UInt8(ascii: ",") else { return .notAnObject }
            at = skipSpace(bytes, at + 1)
        }
        return .truncated
    }

    /// Visits each element of the list that begins at `start`, as far as it is whole.
    package static func elements(of bytes: borrowing Span<UInt8>, from start: Int, visit: (Range<Int>) -> Void) {
        var at = skipSpace(bytes, start + 1)
        while at < bytes.count, bytes[at] != UInt8(ascii: "]") {
            guard let end = endOfValue(bytes, at), end > at else { return }
            visit(at..<end)
            at = skipSpace(bytes, end)
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { return }
            at = skipSpace(bytes, at + 1)
        }
    }

    /// Whether the name in this range reads `text`, escapes decoded.
    package static func matches(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        let expected = text.utf8CodeUnitCount
        var hasEscape = false
        for index in range where bytes[index] == UInt8(ascii: "\\") { hasEscape = true }
        if hasEscape { return string(bytes, range) == text.description }
        guard range.count == expected else { return false }
        return text.withUTF8Buffer { name in
            for offset in 0..<expected where unsafe name[offset] != bytes[range.lowerBound + offset] { return false }
            return true
        }
    }

    /// The text between two quotes, escapes decoded; lone surrogates become U+FFFD.
    package static func string(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(range.count)
        var at = range.lowerBound
        while at < range.upperBound { at = appendUnit(bytes, at, end: range.upperBound, to: &units) }
        return String(decoding: units, as: UTF8.self)
    }

    /// The same as bytes, with the place that each of them comes from: an escape's bytes all come from the whole of it.
    package static func append(
        _ bytes: borrowing Span<UInt8>,
        _ range: Range<Int>,
        to units: inout [UInt8],
        origins: inout [Range<Int>]
    ) {
        var at = range.lowerBound
        while at < range.upperBound {
            let next = appendUnit(bytes, at, end: range.upperBound, to: &units)
            while origins.count < units.count { origins.append(at..<next) }
            at = next
        }
    }

    /// - Returns: the position behind the byte or the escape.
    private static func appendUnit(
        _ bytes: borrowing Span<UInt8>,
        _ at: Int,
        end: Int,
        to units: inout [UInt8]
    ) -> Int {
        guard bytes[at] == UInt8(ascii: "\\"), at + 1 < end else {
            units.append(bytes[at])
            return at + 1
        }
        return appendEscape(bytes, at + 1, end: end, to: &units)
    }

    /// A whole number; `nil` for anything else.
    package static func integer(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int64? {
        guard !range.isEmpty, range.count <= 18 else { return nil }
        var value: Int64 = 0
        for index in range {
            guard bytes[index].isDigit else { return nil }
            value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }

    /// A whole number of either sign; `nil` for anything else.
    static func signedInteger(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int64? {
        // Swift reads a plus too.
        range.count <= longestNumber && bytes[range.lowerBound] != UInt8(ascii: "+") ? Int64(string(bytes, range)) : nil
    }

    /// A number; `nil` for anything else.
    static func number(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Double? {
        // Swift reads words and hexadecimal digits too.
        guard range.count <= longestNumber, let first = range.first,
            bytes[first].isDigit || bytes[first] == UInt8(ascii: "-")
        else { return nil }
        let text = string(bytes, range)
        guard text.utf8.allSatisfy({ $0.isDigit || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    private static let longestNumber = 40

    /// A text that is an identifier: up to 128 letters, digits and `._:/-`; `nil` for anything else, which may be somebody's words.
    static func identifier(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) -> String? {
        guard (3...130).contains(value.count), bytes[value.lowerBound] == UInt8(ascii: "\"") else { return nil }
        let text = value.lowerBound + 1..<value.upperBound - 1
        for index in text {
            switch bytes[index] {
            // `-` to `:` are the digits too.
            case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
                continue
            default: return nil
            }
        }
        return string(bytes, text)
    }

    static func skipSpace(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0a, 0x0d: at += 1
            default: return at
            }
        }
        return at
    }

    /// The position behind the closing quote of the string that begins at `start`.
    package static func endOfString(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var at = start + 1
        while let next = bytes.firstIndex(from: at, marks: { $0.marks(quote) | $0.marks(backslash) }) {
            if bytes[next] == quote { return next + 1 }
            at = next + 2
        }
        return nil
    }

    /// The position behind the value that begins at `start`.
    package static func endOfValue(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "\""): return endOfString(bytes, start)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfContainer(bytes, start)
        default:
            var at = start
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0a, 0x0d: return at
                default: at += 1
                }
            }
            return nil
        }
    }

    private static func endOfContainer(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int? {
        var depth = 0
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return at + 1 }
            case UInt8(ascii: "\""):
                guard let end = endOfString(bytes, at) else { return nil }
                at = end
                continue
            default: break
            }
            at += 1
        }
        return nil
    }

    /// Appends what the escape at `at` (behind the backslash) stands for; returns the position behind it.
    private static func appendEscape(
        _ bytes: borrowing Span<UInt8>,
        _ at: Int,
        end: Int,
        to units: inout [UInt8]
    ) -> Int {
        switch bytes[at] {
        case UInt8(ascii: "n"): units.append(0x0a)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "r"): units.append(0x0d)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0c)
        case UInt8(ascii: "u"):
            guard let first = hex(bytes, at + 1, end: end) else { return at + 1 }
            var scalar = UInt32(first)
            var next = at + 5
            if (0xd800..<0xdc00).contains(first), next + 1 < end, bytes[next] == UInt8(ascii: "\\"),
                bytes[next + 1] == UInt8(ascii: "u"), let second = hex(bytes, next + 2, end: end),
                (0xdc00..<0xe000).contains(second)
            {
                scalar = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
                next += 6
            }
            units.append(contentsOf: String(Unicode.Scalar(scalar).map(Character.init) ?? "\u{fffd}").utf8)
            return next
        default: units.append(bytes[at])
        }
        return at + 1
    }

    private static func hex(_ bytes: borrowing Span<UInt8>, _ start: Int, end: Int) -> UInt16? {
        guard start + 4 <= end else { return nil }
        var value: UInt16 = 0
        for index in start..<start + 4 {
            guard let digit = bytes[index].hexValue else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}

extension UInt8 {
    /// 0 to 15 for a hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
