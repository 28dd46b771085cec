package import GatewayCore

/// What of a capture is not in its row: headers, bodies, and when their pieces came; as bytes.
package struct CaptureContent: Sendable, Equatable {
    package var request: CapturedMessage
    package var response: CapturedMessage
    /// `nil` of one that an earlier version stored, which did not say.
    package var loss: CaptureLoss?

    init(request: CapturedMessage, response: CapturedMessage, loss: CaptureLoss?) {
        self.request = request
        self.response = response
        self.loss = loss
    }

    /// Appends its bytes: for each half a count of headers with their texts, the body, the pieces; then what is lost.
    ///
    /// Numbers are LEB128.
    func write(to bytes: inout [UInt8]) {
        for message in [request, response] {
            bytes.append(number: message.headers.count)
            for header in message.headers {
                bytes.append(text: header.name.utf8)
                bytes.append(text: header.value.utf8)
            }
            bytes.append(text: message.body)
            bytes.append(number: message.pieces.count)
            var last = CapturedMessage.Piece(offset: 0, microseconds: 0)
            for piece in message.pieces {
                bytes.append(number: piece.offset - last.offset)
                bytes.append(number: Int(max(0, piece.microseconds - last.microseconds)))
                last = piece
            }
        }
        if let loss { bytes.append(number: loss.rawValue) }
    }

    /// Reads what `write` wrote.
    ///
    /// The sizes of the whole bodies are in the row.
    init(_ bytes: ArraySlice<UInt8>) throws(Deflate.Damage) {
        var reader = Reader(bytes: bytes)
        request = try reader.message()
        response = try reader.message()
        loss = try reader.bytes.isEmpty ? nil : CaptureLoss(rawValue: reader.number())
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func message() throws(Deflate.Damage) -> CapturedMessage {
            var message = CapturedMessage()
            for _ in 0..<(try number()) {
                let name = String(decoding: try text(), as: UTF8.self)
                message.headers.append(.init(name: name, value: String(decoding: try text(), as: UTF8.self)))
            }
            message.body = Array(try text())
            var piece = CapturedMessage.Piece(offset: 0, microseconds: 0)
            for _ in 0..<(try number()) {
                piece.offset += try number()
                piece.microseconds += Int64(try number())
                message.pieces.append(piece)
            }
            return message
        }

        mutating func number() throws(Deflate.Damage) -> Int {
            var value = 0
            for shift in stride(from: 0, to: 63, by: 7) {
                guard let byte = bytes.popFirst() else { break }
                value |= Int(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            throw Deflate.Damage()
        }

        private mutating func text() throws(Deflate.Damage) -> ArraySlice<UInt8> {
            let count = try number()
            guard count <= bytes.count else { throw Deflate.Damage() }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: Int) {
        var left = UInt64(number)
        while left > 0x7F {
            append(UInt8(left & 0x7F) | 0x80)
            left >>= 7
        }
        append(UInt8(left))
    }

    fileprivate mutating func append(text: some Collection<UInt8>) {
        append(number: text.count)
        append(contentsOf: text)
    }
}
