/// The path of one kind of Azure Resource Manager URL: fixed words, and names in braces.
package struct ARMTemplate: Sendable, Equatable {
    package let text: String
    private let segments: [Substring]

    /// - Parameter text: `/subscriptions/{subscription}/…`.
    package init(_ text: String) {
        self.text = text
        segments = Self.split(text)
    }

    /// The names of a path by what stands in the braces, or `nil` when it is no such path.
    ///
    /// Words are compared without regard to letter case, as Azure does. Names are percent-decoded once.
    package func match(_ path: String) -> [String: String]? {
        let given = Self.split(path)
        guard given.count == segments.count else { return nil }
        var names: [String: String] = [:]
        for (segment, value) in zip(segments, given) {
            guard segment.first == "{" else {
                guard segment.lowercased() == value.lowercased() else { return nil }
                continue
            }
            guard let name = PercentEncoding.decode(value), !name.isEmpty else { return nil }
            names[String(segment.dropFirst().dropLast())] = name
        }
        return names
    }

    private static func split(_ path: String) -> [Substring] {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if segments.first?.isEmpty == true { segments.removeFirst() }
        return segments
    }
}

/// Percent-encoding of one segment of a URL.
package enum PercentEncoding {
    /// `nil` for a broken escape, and for what is no UTF-8.
    package static func decode(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Everything but letters, digits and `-._~` escaped.
    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) {
                return String(character)
            }
            return "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
