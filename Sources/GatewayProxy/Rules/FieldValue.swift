import GatewayCore

extension String {
    /// Whether the string may stand as a header value: no control character but tab, and nothing that was not UTF-8.
    ///
    /// NIO decodes values as UTF-8, so other high bytes arrive as U+FFFD; passed on, they would be changed (H1-5).
    var isFieldValue: Bool {
        withBytes { bytes in
            var index = 0
            while index &+ 8 <= bytes.count, bytes.word(at: index).isPlain { index &+= 8 }
            guard bytes.firstControl(from: index) == bytes.count else { return false }
            return !bytes.holdsReplacementCharacter(from: index)
        }
    }

    /// The value without the white space around it, which NIO's decoder leaves at the end.
    var withoutOuterSpace: String {
        guard let first = utf8.first, let last = utf8.last else { return self }
        guard first.isFieldSpace || last.isFieldSpace else { return self }
        let start = utf8.drop { $0.isFieldSpace }
        guard let end = start.lastIndex(where: { !$0.isFieldSpace }) else { return "" }
        return String(Substring(start[...end]))
    }

    /// A whole number of 1 to 19 digits that fits 63 bits.
    var contentLength: Int? {
        withBytes { bytes in
            guard (1...19).contains(bytes.count) else { return nil }
            var length = 0
            for index in bytes.indices {
                let digit = bytes[index] &- 0x30
                guard digit < 10 else { return nil }
                let (tens, isTooLarge) = length.multipliedReportingOverflow(by: 10)
                let (sum, isTooLargeToo) = tens.addingReportingOverflow(Int(digit))
                guard !isTooLarge, !isTooLargeToo else { return nil }
                length = sum
            }
            return length
        }
    }

    /// Whether the string is this word of at most sixteen letters, in any case.
    func isWord(_ word: FieldToken) -> Bool {
        guard utf8.count == word.length else { return false }
        return withBytes { bytes in
            var token = FieldToken()
            for index in bytes.indices { token.append(bytes[index]) }
            return token == word
        }
    }
}

extension UInt8 {
    fileprivate var isFieldSpace: Bool { self == 0x20 || self == 0x09 }
}

extension Span<UInt8> {
    fileprivate func holdsReplacementCharacter(from start: Int) -> Bool {
        var index = start
        while index &+ 8 <= count, word(at: index) & 0x8080_8080_8080_8080 == 0 { index &+= 8 }
        while index &+ 2 < count {
            if self[index] == 0xef, self[index &+ 1] == 0xbf, self[index &+ 2] == 0xbd { return true }
            index &+= 1
        }
        return false
    }
}
