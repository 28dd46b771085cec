import NIOCore
import NIOHTTP1

/// The network end of an upstream connection: writes requests as bytes, and sees an upstream's bytes before the decoder does.
///
/// It throws the connection away when its peer speaks while no exchange is on it (SECURITY U-2), and when it speaks without
/// end. What it writes does not pass the decoder, which is told of each head instead: how long an answer is depends on it.
final class UpstreamWire: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let decoder: HTTPResponseDecoder
    /// Until the channel is gone.
    private var connection: UpstreamConnection?
    private var context: ChannelHandlerContext?
    private var writer = HTTP1Writer()
    private var mustFlush = false

    init(decoder: HTTPResponseDecoder) {
        self.decoder = decoder
    }

    func attach(_ connection: UpstreamConnection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection = nil
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection else { return }
        if connection.isIdle {
            context.close(promise: nil)
        } else if connection.mayRead(unwrapInboundIn(data).readableBytes) {
            context.fireChannelRead(data)
        }
    }

    func write(_ head: HTTPRequestHead) {
        mustFlush = true
        decoder.write(data: .head(head))
        writer.append(head)
    }

    func write(body bytes: ByteBuffer) {
        mustFlush = true
        guard let large = writer.append(body: bytes) else { return }
        writePending()
        write(large)
        writer.bodyEnded()
    }

    func writeEnd(trailers: HTTPHeaders?) {
        mustFlush = true
        writer.appendEnd(trailers: trailers)
    }

    func flush() {
        guard mustFlush else { return }
        mustFlush = false
        writePending()
        context?.flush()
    }

    private func writePending() {
        if let pending = writer.take() { write(pending) }
    }

    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }
}
