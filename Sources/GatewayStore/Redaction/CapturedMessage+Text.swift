import GatewayCore

/// What of a body cannot be looked through as it is.
extension CapturedMessage {
    /// Bytes of the beginning that tell how characters are spelled.
    private static let telling = 64
    /// Bytes of a last word that may be the beginning of something: what is longer is none.
    private static let longestWord = 256

    /// Whether the body is text in UTF-16 or UTF-32, by what it says or by how it looks.
    var isWide: Bool {
        let type = first("content-type")?.lowercased() ?? ""
        if type.contains("charset=utf-16") || type.contains("charset=\"utf-16") || type.contains("charset=utf-32") {
            return true
        }
        // Numbers in binary may begin as JSON does.
        let isText = type.isEmpty ? form != .other : ["text/", "json", "urlencoded"].contains { type.contains($0) }
        let hasMark = body.starts(with: [0xff, 0xfe]) || body.starts(with: [0xfe, 0xff])
        // No text in UTF-8 has a zero.
        return isText && (hasMark || body.prefix(Self.telling).contains(0)) || (hasMark || opensWide) && hasZerosBetween
    }

    /// Whether it begins as JSON or XML does.
    private var opensWide: Bool {
        body.prefix(4).first { $0 != 0 }.map { "{[<\"".utf8.contains($0) } ?? false
    }

    /// Whether its first characters are of ASCII, with zeros before or behind each.
    private var hasZerosBetween: Bool {
        let start = body.prefix(Self.telling).drop { $0 == 0xff || $0 == 0xfe }
        guard start.count >= 8, start.contains(0) else { return false }
        for width in [2, 4] {
            for place in 0..<width {
                let isText = start.enumerated().allSatisfy { index, byte in
                    index % width == place ? Self.isPrinted(byte) : byte == 0
                }
                if isText { return true }
            }
        }
        return false
    }

    private static func isPrinted(_ byte: UInt8) -> Bool { 0x20...0x7e ~= byte || 0x09...0x0d ~= byte }

    /// Takes the last word from a body that was cut, and the last number: nobody knows what they began.
    mutating func dropUnfinished() {
        guard isTruncated, isText else { return }
        let word = body.suffix(Self.longestWord + 1).reversed().prefix { !Self.endsWord($0) }.count
        guard word <= Self.longestWord else { return }
        body.removeLast(word)
        let number = body.suffix(Self.longestWord).reversed().prefix { Self.isOfNumber($0) }
        if number.contains(where: { (0x30...0x39).contains($0) }) { body.removeLast(number.count) }
        pieces.removeAll { $0.offset > 0 && $0.offset >= body.count }
    }

    private static func endsWord(_ byte: UInt8) -> Bool { byte <= 0x20 || "\"<>(){}[],;&|".utf8.contains(byte) }

    private static func isOfNumber(_ byte: UInt8) -> Bool { "0123456789 ()+-./".utf8.contains(byte) }
}
