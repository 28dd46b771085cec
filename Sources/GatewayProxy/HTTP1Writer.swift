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
    /// Heads are made here; kept for its storage.
    private var lines: [UInt8] = []

    /// What waits to be written, whole; nil when nothing does.
    mutating func take() -> ByteBuffer? {
        guard !isTaken, pending.readableBytes > 0 else { return nil }
        isTaken = true
        return pending
    }

    mutating func append(_ head: HTTPRequestHead) {
        begin()
        let method = head.method.rawValue
        lines.append(addingCapacity: method.utf8.count + head.uri.utf8.count + 12) { line in
            line.append(method)
            line.append(UInt8(ascii: " "))
            line.append(head.uri)
            line.append(" HTTP/1.1\r\n" as StaticString)
        }
        append(head.headers)
        pending.writeBytes(lines)
    }

    /// - Parameter limits: what the head says of them, besides its own headers.
    mutating func append(_ head: HTTPResponseHead, limits: LimitSource? = nil) {
        begin()
        let reason = head.status.reasonPhrase
        lines.append(addingCapacity: reason.utf8.count + OutputSpan<UInt8>.longestDecimal + 12) { line in
            line.append(head.version == .http1_0 ? "HTTP/1.0 " : "HTTP/1.1 " as StaticString)
            line.append(decimal: Int64(head.status.code))
            line.append(UInt8(ascii: " "))
            line.append(reason)
            line.appendLineEnd()
        }
        if let limits { LimitHeaders.write(limits, into: &lines) }
        append(head.headers)
        pending.writeBytes(lines)
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
        guard let trailers else { return _ = pending.writeInteger(Self.lineEnd) }
        begin()
        append(trailers)
        pending.writeBytes(lines)
    }

    private mutating func begin() {
        makeReady()
        lines.removeAll(keepingCapacity: true)
        isChunked = false
    }

    /// The lines of the headers and the empty one behind them.
    private mutating func append(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // The length first: it rules out nearly every name.
            if name.utf8.count == Self.transferEncoding.utf8.count, name == Self.transferEncoding { isChunked = true }
            lines.append(addingCapacity: name.utf8.count + value.utf8.count + 4) { line in
                line.append(name)
                line.append(UInt8(ascii: ":"))
                line.append(UInt8(ascii: " "))
                line.append(value)
                line.appendLineEnd()
            }
        }
        lines.append(addingCapacity: 2) { $0.appendLineEnd() }
    }

    /// What was taken is written or on its way: its storage is used again when nobody holds it any more.
    private mutating func makeReady() {
        guard isTaken else { return }
        isTaken = false
        if pending.capacity > Self.keptCapacity { pending = ByteBuffer() } else { pending.clear() }
    }

    private static let transferEncoding = "transfer-encoding"
    private static let lineEnd: UInt16 = 0x0d0a
}
