/// How alike two texts are, from 0 to 1: twice the length of their longest common subsequence of words over the number of
/// words in both.
///
/// A word is a run of ASCII letters and digits; every other character but white space is one by itself. The first 8,192 words
/// of each text count, so that no text takes longer than some milliseconds.
package enum TextSimilarity {
    /// Words of a text that are looked at.
    static let mostWords = 8192

    package static func of(_ one: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Double {
        if one.elementsEqual(other) { return 1 }
        let (left, right) = (words(Array(one)), words(Array(other)))
        guard !left.isEmpty || !right.isEmpty else { return 1 }
        return 2 * Double(commonLength(left, right)) / Double(left.count + right.count)
    }

    /// Hyyrö's bit-vector algorithm: a row of the table is a bit for each word of the one text, and each word of the other
    /// takes one pass over 64 of them at a time.
    private static func commonLength(_ one: [ArraySlice<UInt8>], _ other: [ArraySlice<UInt8>]) -> Int {
        let blocks = (one.count + 63) / 64
        var places: [ArraySlice<UInt8>: [UInt64]] = [:]
        for (index, word) in one.enumerated() {
            places[word, default: Array(repeating: 0, count: blocks)][index / 64] |= 1 << UInt64(index % 64)
        }
        var row = Array(repeating: UInt64.max, count: blocks)
        for word in other {
            guard let found = places[word] else { continue }
            var carry: UInt64 = 0
            for block in 0..<blocks {
                let matches = found[block]
                let (sum, isOver) = row[block].addingReportingOverflow(row[block] & matches)
                let (whole, isOverAgain) = sum.addingReportingOverflow(carry)
                carry = isOver || isOverAgain ? 1 : 0
                row[block] = whole | (row[block] & ~matches)
            }
        }
        // Behind the last word nothing matches: those bits stay set.
        return row.reduce(0) { $0 + ($1 ^ .max).nonzeroBitCount }
    }

    private static func words(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var at = 0
        while at < bytes.count, words.count < mostWords {
            let start = at
            at += 1
            switch kind(of: bytes[start]) {
            case .space: continue
            case .plain: while at < bytes.count, kind(of: bytes[at]) == .plain { at += 1 }
            // The other bytes of the same character.
            case .other: while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
            }
            words.append(bytes[start..<at])
        }
        return words
    }

    private enum Kind {
        case space
        case plain
        case other
    }

    private static func kind(of byte: UInt8) -> Kind {
        switch byte {
        case 0x20, 0x09...0x0d: .space
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            .plain
        default: .other
        }
    }
}
