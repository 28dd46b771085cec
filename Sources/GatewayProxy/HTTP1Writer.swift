import GatewayCore
import NIOCore
import NIOHTTP1

/// Turns the parts of HTTP/1.1 messages into bytes (RFC 9112), gathered in one buffer until they are flushed.
///
/// NIO's encoders pass every part on in a buffer and a box of its own: through this writer a small message is one buffer and
/// one write. It trusts the framing headers that it is given; `WriteRules` has checked them where they came from outside.
struct HTTP1Writer {
    /// Larger bodies are passed on as they are, smaller ones copied behind what waits.
    private static let copiedBytes = 4096
    /// A connection that waits for its next message keeps no larger buffer than this.
    private static let keptCapacity = 8192

    private var pending = ByteBuffer()
    private var isTaken = false
    private var isChunked = false
    /// Headers that are written as lines; kept for its storage.
    private var lines: [UInt8] = []

    /// What waits to be written, whole; nil when nothing does.
    mutating func take() -> ByteBuffer? {
        guard !isTaken, pending.readableBytes > 0 else { return nil }
        isTaken = true
        return pending
    }

    mutating func append(_ head: HTTPRequestHead) {
        prepare(for: head.headers, and: head.uri.utf8.count)
        pending.writeString(head.method.rawValue)
        pending.writeInteger(UInt8(ascii: " "))
        pending.writeString(head.uri)
        pending.writeStaticString(" HTTP/1.1\r\n")
        append(head.headers)
    }

    /// - Parameter limits: what the head says of them, besides its own headers.
    mutating func append(_ head: HTTPResponseHead, limits: LimitReport? = nil) {
        prepare(for: head.headers, and: 0)
        pending.writeStaticString(head.version == .http1_0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        pending.writeString(String(head.status.code))
        pending.writeInteger(UInt8(ascii: " "))
        pending.writeString(head.status.reasonPhrase)
        pending.writeInteger(Self.lineEnd)
        if let limits {
            lines.removeAll(keepingCapacity: true)
            LimitHeaders.write(limits, into: &lines)
            pending.writeBytes(lines)
        }
        append(head.headers)
    }

    /// Takes a piece of the body.
    ///
    /// - Returns: the piece itself when it is to be written behind what `take` gives; nil when it was copied.
    mutating func append(body bytes: ByteBuffer) -> ByteBuffer? {
        let count = bytes.readableBytes
        guard count > 0 else { return nil }
        makeReady()
        if isChunked {
            pending.writeString(String(count, radix: 16))
            pending.writeInteger(Self.lineEnd)
        }
        guard count <= Self.copiedBytes else { return bytes }
        pending.writeImmutableBuffer(bytes)
        bodyEnded()
        return nil
    }

    /// Ends a piece that was written as it was.
    mutating func bodyEnded() {
        guard isChunked else { return }
        makeReady()
        pending.writeInteger(Self.lineEnd)
    }

    mutating func appendEnd(trailers: HTTPHeaders?) {
        guard isChunked else { return }
        isChunked = false
        makeReady()
        pending.writeStaticString("0\r\n")
        if let trailers { append(trailers) } else { pending.writeInteger(Self.lineEnd) }
    }

    private mutating func append(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            if name == "transfer-encoding" { isChunked = true }
            pending.writeString(name)
            pending.writeInteger(Self.colon)
            pending.writeString(value)
            pending.writeInteger(Self.lineEnd)
        }
        pending.writeInteger(Self.lineEnd)
    }

    private mutating func prepare(for headers: HTTPHeaders, and extra: Int) {
        makeReady()
        isChunked = false
        var count = 64 + extra
        for (name, value) in headers { count += name.utf8.count + value.utf8.count + 4 }
        pending.reserveCapacity(minimumWritableBytes: count)
    }

    /// What was taken is written or on its way: its storage is used again when nobody holds it any more.
    private mutating func makeReady() {
        guard isTaken else { return }
        isTaken = false
        if pending.capacity > Self.keptCapacity { pending = ByteBuffer() } else { pending.clear() }
    }

    private static let lineEnd: UInt16 = 0x0d0a
    private static let colon: UInt16 = 0x3a20
}
