/// Reads the three headers that decide where an HTTP/1 request ends and whether another may follow, byte by byte.
struct FramingFields {
    /// Where the body of the current request ends.
    enum Body: Equatable {
        case length(Int)
        case chunked
    }

    /// What the current header is to framing.
    private enum Field {
        case contentLength
        case transferEncoding
        case connection
        case upgrade
        case other
    }

    private var field = Field.other
    private var word = FieldToken()
    private var hasEndedWord = false
    private var length: Int?
    private var isChunked = false
    private var hasConnection = false
    private var hasUpgrade = false
    private var listsClose = false
    private var listsKeepAlive = false

    /// Whether the value of the current header has to be read byte by byte.
    var isReading: Bool { field != .other }

    mutating func begin(_ name: FieldToken) throws(GuardViolation) {
        field = Self.classify(name)
        word = FieldToken()
        hasEndedWord = false
        switch field {
        case .contentLength:
            guard length == nil else { throw .contentLength }
        case .transferEncoding:
            guard !isChunked else { throw .transferEncoding }
        case .connection: hasConnection = true
        case .upgrade: hasUpgrade = true
        case .other: break
        }
    }

    mutating func append(_ byte: UInt8) throws(GuardViolation) {
        let isSpace = byte == 0x20 || byte == 0x09
        switch field {
        case .contentLength: try appendLength(byte, isSpace)
        case .transferEncoding: try appendCoding(byte, isSpace)
        case .connection:
            // White space parts words too: what a lenient reader may see as `close` closes here.
            if isSpace || byte == 0x2c { endOption() } else { word.append(byte) }
        case .upgrade, .other: break
        }
    }

    mutating func end() throws(GuardViolation) {
        switch field {
        case .contentLength:
            guard word.length > 0 else { throw .contentLength }
        case .transferEncoding:
            guard word == .chunked else { throw .unknownTransferCoding }
            isChunked = true
        case .connection: endOption()
        case .upgrade, .other: break
        }
        field = .other
    }

    /// The body that follows the head.
    func body(isHTTP10: Bool) throws(GuardViolation) -> Body {
        guard isChunked else { return .length(length ?? 0) }
        guard length == nil else { throw .conflictingFraming }
        guard !isHTTP10 else { throw .transferEncoding }
        return .chunked
    }

    /// Whether nothing behind this request may be read: it closes, or llhttp stops parsing behind it (Upgrade).
    func isLast(isHTTP10: Bool) -> Bool {
        listsClose || (isHTTP10 && !listsKeepAlive) || (hasUpgrade && hasConnection)
    }

    private mutating func appendLength(_ byte: UInt8, _ isSpace: Bool) throws(GuardViolation) {
        if isSpace {
            hasEndedWord = word.length > 0
            return
        }
        let digit = byte &- 0x30
        guard !hasEndedWord, digit < 10, word.length < 19 else { throw .contentLength }
        let (tens, isTooLarge) = (length ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, isTooLargeToo) = tens.addingReportingOverflow(Int(digit))
        guard !isTooLarge, !isTooLargeToo else { throw .contentLength }
        length = sum
        word.append(byte)
    }

    private mutating func appendCoding(_ byte: UInt8, _ isSpace: Bool) throws(GuardViolation) {
        if isSpace {
            hasEndedWord = word.length > 0
            return
        }
        guard !hasEndedWord, word.length < 7 else { throw .unknownTransferCoding }
        word.append(byte)
    }

    private mutating func endOption() {
        if word == .close { listsClose = true }
        if word == .keepAlive { listsKeepAlive = true }
        word = FieldToken()
    }

    private static func classify(_ name: FieldToken) -> Field {
        switch name.length {
        case 7: name == .upgrade ? .upgrade : .other
        case 10: name == .connection ? .connection : .other
        case 14: name == .contentLength ? .contentLength : .other
        case 17: name == .transferEncoding ? .transferEncoding : .other
        default: .other
        }
    }
}
