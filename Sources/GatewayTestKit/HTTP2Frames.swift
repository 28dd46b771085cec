package import NIOCore

/// HTTP/2 frames by hand (RFC 9113), for what no client library does.
package enum HTTP2Frames {
    /// The connection preface and empty settings.
    package static var preface: ByteBuffer {
        var bytes = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        bytes.writeImmutableBuffer(frame(4, flags: 0, stream: 0, ByteBuffer()))
        return bytes
    }

    /// A GET with the key of `demo/chat`.
    package static func get(_ path: String, stream: UInt32) -> ByteBuffer {
        // END_HEADERS and END_STREAM.
        frame(1, flags: 5, stream: stream, head("GET", path))
    }

    /// A HEAD with the key of `demo/chat`.
    package static func head(_ path: String, stream: UInt32) -> ByteBuffer {
        frame(1, flags: 5, stream: stream, head("HEAD", path))
    }

    /// The head of a POST whose body follows in DATA.
    package static func post(_ path: String, _ more: [(String, String)], stream: UInt32) -> ByteBuffer {
        frame(1, flags: 4, stream: stream, head("POST", path, more))
    }

    /// A part of a body.
    package static func data(_ text: String, stream: UInt32) -> ByteBuffer {
        frame(0, flags: 0, stream: stream, ByteBuffer(string: text))
    }

    /// What follows a body, and ends the stream.
    package static func trailers(_ fields: [(String, String)], stream: UInt32) -> ByteBuffer {
        frame(1, flags: 5, stream: stream, block(fields))
    }

    /// The end of a body.
    package static func lastData(_ text: String, stream: UInt32) -> ByteBuffer {
        frame(0, flags: 1, stream: stream, ByteBuffer(string: text))
    }

    private static func head(_ method: String, _ path: String, _ more: [(String, String)] = []) -> ByteBuffer {
        block(
            [
                (":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path),
                ("authorization", "Bearer \(RunningGateway.key)"),
            ] + more
        )
    }

    /// Every field is a literal, shorter than 127 bytes.
    private static func block(_ fields: [(String, String)]) -> ByteBuffer {
        var block = ByteBuffer()
        for (name, value) in fields {
            block.writeInteger(UInt8(0))
            for text in [name, value] {
                block.writeInteger(UInt8(text.utf8.count))
                block.writeString(text)
            }
        }
        return block
    }

    /// RST_STREAM with CANCEL.
    package static func reset(stream: UInt32) -> ByteBuffer {
        frame(3, flags: 0, stream: stream, ByteBuffer(integer: UInt32(8)))
    }

    /// Room for more bytes, of one stream or (0) of the connection.
    package static func windowUpdate(_ count: UInt32, stream: UInt32) -> ByteBuffer {
        frame(8, flags: 0, stream: stream, ByteBuffer(integer: count))
    }

    private static func frame(_ type: UInt8, flags: UInt8, stream: UInt32, _ payload: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt32(payload.readableBytes) << 8 | UInt32(type))
        bytes.writeInteger(flags)
        bytes.writeInteger(stream)
        bytes.writeImmutableBuffer(payload)
        return bytes
    }
}
