extension HTTP1Guard {
    /// Before the request line: a few empty lines, which RFC 9112 2.2 asks a server to ignore.
    mutating func readStart(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        guard phase == .start else {
            guard byte == 0x0a else { throw .lineEnd }
            phase = .start
            cursor.index += 1
            return
        }
        cursor.sound = cursor.index
        if byte == 0x0d {
            emptyLines += 1
            guard emptyLines <= Bounds.emptyLines else { throw .emptyLines }
            phase = .startFeed
            cursor.index += 1
            return
        }
        guard byte != 0x0a else { throw .lineEnd }
        beginHead(cursor.index, &cursor)
    }

    mutating func readRequestLine(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        switch phase {
        case .method: try readMethod(bytes, &cursor)
        case .target: try readTarget(bytes, &cursor)
        case .version: try readVersion(bytes[cursor.index], &cursor)
        default:
            guard bytes[cursor.index] == 0x0a else { throw .lineEnd }
            cursor.index += 1
            guard count(cursor) <= Bounds.requestLine else { throw .requestLineTooLong }
            phase = .lineStart
        }
    }

    mutating func readHeader(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        switch phase {
        case .lineStart: try readLineStart(bytes[cursor.index], &cursor)
        case .name:
            if try readName(bytes, &cursor) {
                try framing.begin(token)
                phase = .value
            }
        case .value: try readValue(bytes, &cursor)
        case .valueFeed:
            guard bytes[cursor.index] == 0x0a else { throw .lineEnd }
            try framing.end()
            cursor.index += 1
            guard count(cursor) <= Bounds.head else { throw .headTooLarge }
            phase = .lineStart
        default:
            guard bytes[cursor.index] == 0x0a else { throw .lineEnd }
            cursor.index += 1
            try finishHead(&cursor)
        }
    }

    /// Reads a name up to and with its colon; true when the colon was met.
    mutating func readName(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) -> Bool {
        var name = token
        var index = cursor.index
        // Locals: the loop runs over every byte of every name.
        while index < bytes.count, bytes[index].isToken {
            name.append(bytes[index])
            index &+= 1
        }
        token = name
        cursor.index = index
        if index < bytes.count {
            let byte = bytes[index]
            guard byte == 0x3a, token.length > 0 else { throw byte == 0x0a || byte == 0x0d ? .lineEnd : .fieldName }
            cursor.index += 1
            return true
        }
        return false
    }

    private mutating func beginHead(_ start: Int, _ cursor: inout Cursor) {
        cursor.counted = start
        carried = 0
        fields = 0
        token = FieldToken()
        framing = FramingFields()
        version = 0
        phase = .method
    }

    private mutating func readMethod(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        while cursor.index < bytes.count {
            let byte = bytes[cursor.index]
            if byte.isToken {
                token.append(byte)
                cursor.index += 1
                continue
            }
            guard byte == 0x20, token.length > 0 else { throw byte == 0x0a || byte == 0x0d ? .requestLine : .method }
            // The decoder reads no body behind CONNECT, whatever its head says: it is refused before that can matter.
            guard token.length <= Bounds.method, token != .connect else { throw .unknownMethod }
            cursor.index += 1
            token = FieldToken()
            phase = .target
            return
        }
    }

    /// `token` counts the target's bytes: an empty one is two spaces in a row.
    private mutating func readTarget(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        let start = cursor.index
        while cursor.index < bytes.count, bytes[cursor.index].isVisible { cursor.index += 1 }
        if cursor.index > start, token.length == 0 { token.append(bytes[start]) }
        guard count(cursor) <= Bounds.requestLine else { throw .requestLineTooLong }
        guard cursor.index < bytes.count else { return }
        let byte = bytes[cursor.index]
        guard byte == 0x20 else { throw byte == 0x0a || byte == 0x0d ? .requestLine : .target }
        guard token.length > 0 else { throw .requestLine }
        cursor.index += 1
        token = FieldToken()
        phase = .version
    }

    private mutating func readVersion(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        if byte == 0x0d {
            // "HTTP/1.0" and "HTTP/1.1", letter case included.
            guard token.length == 8, version >> 1 == 0x4854_5450_2f31_2e30 >> 1 else {
                throw version >> 24 == 0x48_5454_502f ? .unsupportedVersion : .requestLine
            }
            isHTTP10 = version & 1 == 0
            phase = .requestLineFeed
        } else {
            guard token.length < 8, byte.isVisible else { throw byte == 0x0a ? .lineEnd : .requestLine }
            version = version << 8 | UInt64(byte)
            token.append(byte)
        }
        cursor.index += 1
    }

    private mutating func readLineStart(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        switch byte {
        case 0x0d:
            phase = .headFeed
            cursor.index += 1
        case 0x20, 0x09: throw .foldedLine
        case 0x0a: throw .lineEnd
        default:
            fields += 1
            guard fields <= Bounds.fields else { throw .tooManyFields }
            token = FieldToken()
            phase = .name
        }
    }

    private mutating func readValue(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        guard framing.isReading else {
            cursor.index = bytes.firstControl(from: cursor.index)
            guard cursor.index < bytes.count else { return }
            return try endValue(bytes[cursor.index], next: .valueFeed, &cursor)
        }
        while cursor.index < bytes.count {
            let byte = bytes[cursor.index]
            guard !byte.isForbiddenInValue else { return try endValue(byte, next: .valueFeed, &cursor) }
            try framing.append(byte)
            if byte == 0x09 { tabs.append(cursor.index) }
            cursor.index += 1
        }
    }

    /// A value ends with CR; every other control character in it is an error.
    mutating func endValue(_ byte: UInt8, next: Phase, _ cursor: inout Cursor) throws(GuardViolation) {
        guard byte == 0x0d else { throw byte == 0x0a ? .lineEnd : .fieldValue }
        cursor.index += 1
        phase = next
    }

    private mutating func finishHead(_ cursor: inout Cursor) throws(GuardViolation) {
        guard count(cursor) <= Bounds.head else { throw .headTooLarge }
        let body = try framing.body(isHTTP10: isHTTP10)
        isLast = framing.isLast(isHTTP10: isHTTP10)
        cursor.sound = cursor.index
        switch body {
        case .length(0): finishMessage(&cursor)
        case .length(let length):
            remaining = length
            phase = .body
        case .chunked:
            chunkExtensions = 0
            beginChunk()
        }
    }
}
