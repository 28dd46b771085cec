import GatewayCore

/// Tells at little cost that a text has no credential, so that the expression that finds them need not be asked.
///
/// That is tried at every word, and took a third of what a capture costs. Whatever it finds has one of these: the first
/// characters of a token in a run of 15 or more, a name before `=` or `:`, an `@`, or the first line of a private key.
enum CredentialPrefilter {
    private static let shortestToken = 15
    private static let keyHeader = Array("-----begin".utf8)
    /// What else stands for `=` behind a name, without its first character.
    private static let percentEquals = Array("3d".utf8)
    private static let escapedEquals = Array("u003d".utf8)
    /// Between a name and what follows it: four spaces, a quote and its escapes.
    private static let widestGap = 36
    private static let gaps = Array(" \t\n\u{0B}\u{0C}\r\"'\\".utf8)

    /// Names, and the last two letters of each, by which most words are passed over.
    private struct Names {
        let all: [[UInt8]]
        let endings: [UInt16]

        init(_ names: [String]) {
            all = names.map { $0.utf8.map { $0 | 0x20 } }
            endings = Array(Set(all.map { CredentialPrefilter.ending($0.span, $0.count) }))
        }
    }

    private static let inText = CredentialNames.text + ["authorization"]
    private static let textNames = Names(inText)
    private static let queryNames = Names(inText + CredentialNames.query)

    private static let isOfToken: [Bool] = (UInt8.min...UInt8.max).map { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "._~+/-".utf8.contains(byte)
        }
    }

    static func mayMatch(_ text: borrowing Span<UInt8>) -> Bool { hasNameOrKey(text) || hasToken(text) }

    // MARK: - Names, and keys

    private static func hasNameOrKey(_ text: borrowing Span<UInt8>) -> Bool {
        let (textNames, queryNames) = (textNames, queryNames)
        var start = 0
        while let at = text.firstIndex(from: start, marks: marks) {
            let isHit =
                switch text[at] {
                case UInt8(ascii: "@"): true
                case UInt8(ascii: "-"): reads(text, at, keyHeader)
                case UInt8(ascii: ":"), UInt8(ascii: ">"): isNameBefore(text, at, textNames)
                case UInt8(ascii: "="): isNameBefore(text, at, queryNames)
                case UInt8(ascii: "%"): reads(text, at + 1, percentEquals) && isNameBefore(text, at, queryNames)
                default: reads(text, at + 1, escapedEquals) && isNameBefore(text, at, queryNames)
                }
            if isHit { return true }
            start = at + 1
        }
        return false
    }

    private static func marks(_ block: ByteBlock) -> UInt64 {
        block.marks(UInt8(ascii: "=")) | block.marks(UInt8(ascii: ":")) | block.marks(UInt8(ascii: "@"))
            | block.marks(UInt8(ascii: ">")) | block.marks(UInt8(ascii: "-")) | block.marks(UInt8(ascii: "%"))
            | block.marks(UInt8(ascii: "\\"))
    }

    /// - Parameter word: in lower case, so that `_` is 0x7f.
    private static func reads(_ text: borrowing Span<UInt8>, _ at: Int, _ word: [UInt8]) -> Bool {
        guard at + word.count <= text.count else { return false }
        for index in word.indices where text[at + index] | 0x20 != word[index] { return false }
        return true
    }

    private static func isNameBefore(_ text: borrowing Span<UInt8>, _ at: Int, _ names: Names) -> Bool {
        var end = at
        while end > 0, at - end < widestGap, gaps.contains(text[end - 1]) { end -= 1 }
        guard end >= 2, names.endings.contains(ending(text, end)) else { return false }
        for name in names.all where name.count <= end && reads(text, end - name.count, name) { return true }
        return false
    }

    private static func ending(_ text: borrowing Span<UInt8>, _ end: Int) -> UInt16 {
        UInt16(text[end - 2] | 0x20) << 8 | UInt16(text[end - 1] | 0x20)
    }

    // MARK: - Tokens

    private static func hasToken(_ text: borrowing Span<UInt8>) -> Bool {
        let isOfToken = isOfToken
        // Every run that is long enough has a character at one of these places.
        var at = shortestToken - 1
        while at < text.count {
            guard isOfToken[Int(text[at])] else {
                at += shortestToken
                continue
            }
            var (start, end) = (at, at + 1)
            while start > 0, isOfToken[Int(text[start - 1])] { start -= 1 }
            while end < text.count, isOfToken[Int(text[end])] { end += 1 }
            if end - start >= shortestToken, isNamed(text, start) || isToken(text, start..<end) { return true }
            at = end + shortestToken
        }
        return false
    }

    /// Whether `bearer` or `basic` may stand before it.
    private static func isNamed(_ text: borrowing Span<UInt8>, _ start: Int) -> Bool {
        var end = start
        while end > 0, text[end - 1] == 0x20 || (0x09...0x0D).contains(text[end - 1]) { end -= 1 }
        guard end > 0, end < start else { return false }
        return [UInt8(ascii: "r"), UInt8(ascii: "c")].contains(text[end - 1] | 0x20)
    }

    /// Whether something in it begins as tokens that are known by their form do.
    private static func isToken(_ text: borrowing Span<UInt8>, _ run: Range<Int>) -> Bool {
        func stands(_ byte: UInt8, _ at: Int) -> Bool { at >= run.lowerBound && text[at] == byte }
        func stand(_ one: UInt8, _ other: UInt8, _ at: Int) -> Bool { stands(one, at) && stands(other, at + 1) }
        for at in run {
            let isHit =
                switch text[at] {
                case UInt8(ascii: "J"): stands(UInt8(ascii: "y"), at - 1)
                case UInt8(ascii: "K"): stands(UInt8(ascii: "A"), at - 1)
                case UInt8(ascii: "z"): stands(UInt8(ascii: "I"), at - 1)
                // sk-, glpat-, xoxb-
                case UInt8(ascii: "-"):
                    stands(UInt8(ascii: "k"), at - 1) || stand(UInt8(ascii: "l"), UInt8(ascii: "p"), at - 4)
                        || stand(UInt8(ascii: "o"), UInt8(ascii: "x"), at - 3)
                // hf_ and ghp_, ghab_, npm_
                case UInt8(ascii: "_"):
                    stands(UInt8(ascii: "h"), at - 2) || stands(UInt8(ascii: "h"), at - 3)
                        || stand(UInt8(ascii: "p"), UInt8(ascii: "m"), at - 2)
                default: false
                }
            if isHit { return true }
        }
        return false
    }
}
