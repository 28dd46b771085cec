import GatewayCore

extension CapturedMessage {
    /// Puts a text in the place of ranges of the body, which are in order and apart; pieces begin where they began.
    mutating func replace(_ ranges: [Range<Int>], with text: String) {
        guard !ranges.isEmpty else { return }
        let replacement = Array(text.utf8)
        var made: [UInt8] = []
        made.reserveCapacity(body.count)
        var at = 0
        var piece = pieces.startIndex
        for range in ranges {
            movePieces(from: &piece, before: range.lowerBound, by: made.count - at)
            made.append(contentsOf: body[at..<range.lowerBound])
            made.append(contentsOf: replacement)
            at = range.upperBound
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
