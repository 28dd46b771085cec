extension HTTP1Guard {
    /// Body bytes are counted, never looked at.
    mutating func skipData(_ end: Int, _ cursor: inout Cursor) {
        let step = min(remaining, end - cursor.index)
        cursor.index += step
        remaining -= step
        cursor.sound = cursor.index
        guard remaining == 0 else { return }
        if phase == .body { finishMessage(&cursor) } else { phase = .chunkDataEnd }
    }

    mutating func beginChunk() {
        token = FieldToken()
        remaining = 0
        phase = .chunkSize
    }

    /// `token` counts the digits of the size.
    mutating func readChunkLine(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        cursor.index += 1
        switch (phase, byte) {
        case (.chunkSizeFeed, 0x0a): finishChunkLine(&cursor)
        case (.chunkSizeFeed, _): throw .lineEnd
        case (_, 0x0a): throw .lineEnd
        case (_, 0x0d):
            guard token.length > 0 else { throw .chunkSize }
            phase = .chunkSizeFeed
        case (.chunkSize, 0x3b):
            guard token.length > 0 else { throw .chunkSize }
            phase = .chunkExtension
            try countExtension()
        case (.chunkSize, _): try appendSize(byte)
        default:
            guard byte == 0x09 || byte == 0x20 || byte.isVisible else { throw .chunkExtension }
            try countExtension()
        }
    }

    mutating func readChunkEnd(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        if phase == .chunkDataEnd {
            guard byte == 0x0d else { throw .chunkEnd }
            phase = .chunkDataFeed
            cursor.index += 1
        } else {
            guard byte == 0x0a else { throw .chunkEnd }
            cursor.index += 1
            cursor.sound = cursor.index
            beginChunk()
        }
    }

    mutating func readTrailer(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        let byte = bytes[cursor.index]
        switch phase {
        case .trailerStart: try readTrailerStart(byte, &cursor)
        case .trailerName:
            if try readName(bytes, &cursor) { phase = .trailerValue }
        case .trailerValue:
            cursor.index = bytes.firstControl(from: cursor.index)
            guard cursor.index < bytes.count else { return }
            try endValue(bytes[cursor.index], next: .trailerFeed, &cursor)
        case .trailerFeed:
            guard byte == 0x0a else { throw .lineEnd }
            cursor.index += 1
            guard count(cursor) <= Bounds.trailers else { throw .trailersTooLarge }
            phase = .trailerStart
        default:
            guard byte == 0x0a else { throw .lineEnd }
            cursor.index += 1
            finishMessage(&cursor)
        }
    }

    private mutating func appendSize(_ byte: UInt8) throws(GuardViolation) {
        guard let digit = byte.hexDigit, token.length < 16 else { throw .chunkSize }
        guard remaining >> 59 == 0 else { throw .chunkSize }
        remaining = remaining << 4 | Int(digit)
        token.append(byte)
    }

    private mutating func countExtension() throws(GuardViolation) {
        chunkExtensions += 1
        guard chunkExtensions <= Bounds.chunkExtensions else { throw .chunkExtension }
    }

    private mutating func finishChunkLine(_ cursor: inout Cursor) {
        cursor.sound = cursor.index
        guard remaining == 0 else {
            phase = .chunkData
            return
        }
        carried = 0
        fields = 0
        cursor.counted = cursor.index
        phase = .trailerStart
    }

    private mutating func readTrailerStart(_ byte: UInt8, _ cursor: inout Cursor) throws(GuardViolation) {
        switch byte {
        case 0x0d:
            phase = .lastFeed
            cursor.index += 1
        case 0x20, 0x09: throw .foldedLine
        case 0x0a: throw .lineEnd
        default:
            fields += 1
            guard fields <= Bounds.trailerFields else { throw .trailersTooLarge }
            token = FieldToken()
            phase = .trailerName
        }
    }
}
