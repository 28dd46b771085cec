/// A JSON text (RFC 8259) without white space between its tokens, as it stands on a line; `nil` for what is none.
///
/// Foundation's reader takes `[1,]`, which others that read the line would not. Not read and written again either: a number
/// of more digits than a `Double` has would come back as another one.
struct JSONLineText {
    /// No body that is meant has more.
    private static let deepest = 512

    private let bytes: [UInt8]
    private var at = 0
    private var line: [UInt8] = []

    static func line(of bytes: [UInt8]) -> String? {
        var text = JSONLineText(bytes: bytes)
        text.line.reserveCapacity(bytes.count)
        text.skipSpace()
        guard text.value(depth: 0), text.at == bytes.count else { return nil }
        return String(validating: text.line, as: UTF8.self)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { at += 1 }
    }

    /// Takes one byte that must be there.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        line.append(UInt8(ascii: byte))
        at += 1
        return true
    }

    /// Takes a value, and the space behind it.
    private mutating func value(depth: Int) -> Bool {
        let isWhole =
            switch next {
            case UInt8(ascii: "{"): members(until: "}", depth: depth)
            case UInt8(ascii: "["): members(until: "]", depth: depth)
            case UInt8(ascii: "\""): string()
            case UInt8(ascii: "t"): word("true")
            case UInt8(ascii: "f"): word("false")
            case UInt8(ascii: "n"): word("null")
            default: number()
            }
        skipSpace()
        return isWhole
    }

    /// Of an array or of an object.
    private mutating func members(until end: Unicode.Scalar, depth: Int) -> Bool {
        let isObject = end == "}"
        guard depth < Self.deepest, take(isObject ? "{" : "[") else { return false }
        skipSpace()
        if take(end) { return true }
        repeat {
            skipSpace()
            guard !isObject || name(), value(depth: depth + 1) else { return false }
        } while take(",")
        return take(end)
    }

    private mutating func name() -> Bool {
        guard string() else { return false }
        skipSpace()
        guard take(":") else { return false }
        skipSpace()
        return true
    }

    private mutating func word(_ word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = next, byte >= 0x20 {
            line.append(byte)
            at += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\"), !escape() { return false }
        }
        return false
    }

    private mutating func escape() -> Bool {
        if take("u") { return (0..<4).allSatisfy { _ in hexDigit() } }
        return "\"\\/bfnrt".unicodeScalars.contains { take($0) }
    }

    private mutating func hexDigit() -> Bool {
        switch next {
        case let byte? where (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF):
            line.append(byte)
            at += 1
            return true
        default: return false
        }
    }

    private mutating func number() -> Bool {
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        guard take("e") || take("E") else { return true }
        _ = take("+") || take("-")
        return digits()
    }

    /// At least one.
    private mutating func digits() -> Bool {
        let start = at
        while let byte = next, (0x30...0x39).contains(byte) {
            line.append(byte)
            at += 1
        }
        return at > start
    }
}
