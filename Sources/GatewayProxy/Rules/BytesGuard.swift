import NIOCore

/// Stands in front of the HTTP/1 request decoder and lets through only bytes that keep `HTTP1Guard`'s rules.
///
/// A broken rule is fired once as an inbound `GuardViolation` error, behind every sound request of the same read; no
/// later byte is handed on (H1-9).
final class BytesGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var rules = HTTP1Guard()

    /// Whether no request has begun that is not over: idle time counts, not the time for a head (T-1).
    var isBetweenRequests: Bool { rules.isBetweenRequests }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        let reading = rules.read(buffer.readableBytesUInt8Span)
        for offset in rules.tabs { buffer.setInteger(UInt8(ascii: " "), at: buffer.readerIndex + offset) }
        switch reading {
        case .all: context.fireChannelRead(rules.tabs.isEmpty ? data : wrapInboundOut(buffer))
        case .prefix(let length): pass(&buffer, length, context)
        case .violation(let violation, let length):
            pass(&buffer, length, context)
            context.fireErrorCaught(violation)
        }
    }

    private func pass(_ buffer: inout ByteBuffer, _ length: Int, _ context: ChannelHandlerContext) {
        guard length > 0, let sound = buffer.readSlice(length: length) else { return }
        context.fireChannelRead(wrapInboundOut(sound))
    }
}
