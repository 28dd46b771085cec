/// What a path that an upstream is asked says of the tokens that the call uses.
///
/// Paths are read as tolerant servers read them: in any case, without doubled slashes, a slash at the end or parameters
/// behind a `;`. What such a server would not take for the call fails there, and costs nothing.
struct PathReading: Sendable, Equatable {
    private enum Word: Sendable {
        case version
        case completions
        case messages
        case countTokens
        case responses
        case other
    }

    private var last = Word.other
    private var beforeLast = Word.other
    private var hasVersion = false
    /// How many words stand behind the last `v1`.
    private var depth = 0

    init() {}

    /// How usage is read where the path ends here; `nil` for calls that have none.
    var usage: UsageFormat? {
        // Behind another version, or none, too: `/openai/deployments/x/chat/completions`.
        if last == .completions { return .openAI }
        guard hasVersion, depth > 0 else { return nil }
        switch (depth, beforeLast, last) {
        case (1, _, .messages), (2, .messages, .countTokens): return .anthropic
        case (1, _, .responses): return .responses
        default: return .other
        }
    }

    /// The path goes on with these bytes, which begin with a slash.
    mutating func read(_ bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count {
            var end = start
            var wordEnd: Int?
            while end < bytes.count, bytes[end] != UInt8(ascii: "/") {
                if wordEnd == nil, bytes[end] == UInt8(ascii: ";") { wordEnd = end }
                end += 1
            }
            if end > start { add(Self.word(bytes, start..<(wordEnd ?? end))) }
            start = end + 1
        }
    }

    /// The path with this one behind it.
    func followed(by path: String) -> PathReading {
        path.withBytes { bytes in
            var reading = self
            reading.read(bytes)
            return reading
        }
    }

    private mutating func add(_ word: Word) {
        beforeLast = last
        last = word
        if word == .version {
            hasVersion = true
            depth = 0
        } else {
            depth += 1
        }
    }

    private static func word(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Word {
        // Most words are told apart by their length alone.
        switch range.count {
        case 2 where reads(bytes, range, "v1"): .version
        case 8 where reads(bytes, range, "messages"): .messages
        case 9 where reads(bytes, range, "responses"): .responses
        case 11 where reads(bytes, range, "completions"): .completions
        case 12 where reads(bytes, range, "count_tokens"): .countTokens
        default: .other
        }
    }

    /// Whether the bytes, as many as the text has, are that text in upper or lower case.
    private static func reads(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            for offset in 0..<range.count {
                let byte = bytes[range.lowerBound + offset]
                let lower = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
                guard unsafe text[offset] == lower else { return false }
            }
            return true
        }
    }
}
