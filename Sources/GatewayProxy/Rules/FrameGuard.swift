import NIOCore

/// Stands between TLS and NIOHTTP2Handler and ends a connection whose frames cost more than they do.
///
/// It sees both directions: what we sent pays for what the client sends. On a violation it writes GOAWAY with
/// ENHANCE_YOUR_CALM (between frames only), closes, and fires the `FrameViolation` once as an inbound error.
final class FrameGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var counter = FrameAbuseCounter()
    private var received = FrameScanner(skipping: 24)
    private var sent = FrameScanner(skipping: 0)
    private var lastStream: UInt32 = 0
    private var isEnded = false
    /// A violation found while something was written, acted on once the handlers behind are done with the current read.
    private var pending: FrameViolation?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        do {
            try countReceived(unwrapInboundIn(data), now: context.eventLoop.now.uptimeNanoseconds)
            context.fireChannelRead(data)
            endIfPending(context)
        } catch {
            end(error, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        endIfPending(context)
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        guard !isEnded, case .byteBuffer(let bytes) = unwrapOutboundIn(data) else { return }
        do {
            try countSent(bytes, now: context.eventLoop.now.uptimeNanoseconds)
        } catch {
            pending = pending ?? error
        }
    }

    /// Closing inside `write` would pull the connection from under the handler that writes.
    private func endIfPending(_ context: ChannelHandlerContext) {
        guard let pending, !isEnded else { return }
        end(pending, context)
    }

    private func countReceived(_ bytes: ByteBuffer, now: UInt64) throws(FrameViolation) {
        var index = 0
        while let frame = received.next(in: bytes.readableBytesUInt8Span, from: &index) {
            lastStream = max(lastStream, frame.kind == FrameKind.headers.rawValue ? frame.stream : 0)
            try counter.countReceived(frame, now: now)
        }
    }

    private func countSent(_ bytes: ByteBuffer, now: UInt64) throws(FrameViolation) {
        var index = 0
        var violation: FrameViolation?
        // The whole write is scanned even so: where it ends decides whether GOAWAY can follow.
        while let frame = sent.next(in: bytes.readableBytesUInt8Span, from: &index) {
            do throws(FrameViolation) {
                try counter.countSent(frame, now: now)
            } catch {
                violation = violation ?? error
            }
        }
        if let violation { throw violation }
    }

    private func end(_ violation: FrameViolation, _ context: ChannelHandlerContext) {
        isEnded = true
        if sent.isBetweenFrames {
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(goAway(context.channel.allocator))), promise: nil)
        }
        context.fireErrorCaught(violation)
        context.close(promise: nil)
    }

    /// GOAWAY on stream 0: last stream, then ENHANCE_YOUR_CALM (RFC 9113 6.8).
    private func goAway(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        var bytes = allocator.buffer(capacity: 17)
        bytes.writeRepeatingByte(0, count: 2)
        bytes.writeInteger(8, as: UInt8.self)
        bytes.writeInteger(FrameKind.goAway.rawValue)
        bytes.writeRepeatingByte(0, count: 5)
        bytes.writeInteger(lastStream)
        bytes.writeInteger(0xb, as: UInt32.self)
        return bytes
    }
}
