import GatewayCore

extension CapturedMessage {
    /// Part of the body, and what is to stand in its place.
    struct Edit {
        var range: Range<Int>
        var text: String
    }

    mutating func replace(_ ranges: [Range<Int>], with text: String) {
        apply(ranges.map { Edit(range: $0, text: text) })
    }

    /// Makes edits that are in order; pieces begin where they began.
    ///
    /// One that begins within the one before is left out.
    mutating func apply(_ edits: [Edit]) {
        guard !edits.isEmpty else { return }
        var made: [UInt8] = []
        made.reserveCapacity(body.count)
        var at = 0
        var piece = pieces.startIndex
        for edit in edits where edit.range.lowerBound >= at {
            movePieces(from: &piece, before: edit.range.lowerBound, by: made.count - at)
            made.append(contentsOf: body[at..<edit.range.lowerBound])
            made.append(contentsOf: edit.text.utf8)
            at = edit.range.upperBound
            // What began within is what comes behind.
            while piece < pieces.endIndex, pieces[piece].offset < at {
                pieces[piece].offset = made.count
                piece += 1
            }
        }
        movePieces(from: &piece, before: .max, by: made.count - at)
        made.append(contentsOf: body[at...])
        body = made
    }

    /// With quotes around what takes the place of a number in JSON; edits are in order.
    func spelled(_ edits: [Edit]) -> [Edit] {
        guard !edits.isEmpty, form == .json || form == .lines else { return edits }
        var at = 0
        var quoted = QuotedText()
        var line = 0
        return edits.map { edit in
            while at < edit.range.lowerBound {
                quoted.pass(body[at])
                at += 1
                if body[at - 1] == 0x0a { line = at }
            }
            guard !edit.text.isEmpty, !quoted.isOpen, isValue(edit.range), form == .json || isObject(from: line) else {
                return edit
            }
            return Edit(range: edit.range, text: "\"\(edit.text)\"")
        }
    }

    /// Whether it stands where a value of JSON does.
    private func isValue(_ range: Range<Int>) -> Bool {
        let before = body[..<range.lowerBound].last { !Self.isSpace($0) }
        let behind = body[range.upperBound...].first { !Self.isSpace($0) }
        guard let before, let behind else { return false }
        return ":[,".utf8.contains(before) && ",]}".utf8.contains(behind)
    }

    /// Whether a line has JSON, as most events do: a list may be a text as well.
    private func isObject(from start: Int) -> Bool {
        let text = body[start...].starts(with: "data:".utf8) ? body[(start + 5)...] : body[start...]
        return text.first { !Self.isSpace($0) } == UInt8(ascii: "{")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

    mutating func replaceBody(with text: String) {
        body = Array(text.utf8)
        pieces = pieces.first.map { [Piece(offset: 0, microseconds: $0.microseconds)] } ?? []
    }

    /// Whether a note stands in the place of the body that it had.
    func isReplaced(of original: CapturedMessage) -> Bool {
        body != original.body && body.starts(with: "[removed:".utf8)
    }

    private mutating func movePieces(from piece: inout Int, before end: Int, by growth: Int) {
        while piece < pieces.endIndex, pieces[piece].offset < end {
            pieces[piece].offset += growth
            piece += 1
        }
    }
}

/// Whether a place in JSON is within a string; none goes over the end of a line.
private struct QuotedText {
    private(set) var isOpen = false
    private var isEscaped = false

    mutating func pass(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isOpen.toggle()
        } else if byte == 0x0a {
            isOpen = false
        }
    }
}
