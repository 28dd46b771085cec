extension StringProtocol {
    /// A token of RFC 9110 §5.6.2: what a header name or a method may be.
    var isFieldName: Bool {
        !isEmpty && utf8.allSatisfy(\.isTokenCharacter)
    }

    /// No byte that could end a line or a string: CR, LF, NUL and the other controls but TAB.
    var isFieldValue: Bool {
        utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
    }

    /// Without the spaces and tabs around it.
    var trimmingBlanks: String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let bytes = utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }) else { return "" }
        var text = Substring(self[first...])
        while let last = text.utf8.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}

extension UInt8 {
    fileprivate var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
