import NIOCore
import NIOTLS

/// Waits for the TLS handshake and then builds the pipeline of the protocol that ALPN agreed on.
///
/// Meanwhile the connection counts as open: a gateway that stops waits for its request, too.
final class NegotiationHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let resources: LoopResources

    init(resources: LoopResources) {
        self.resources = resources
    }

    func handlerAdded(context: ChannelHandlerContext) {
        resources.lifecycle.connectionOpened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        resources.lifecycle.connectionClosed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let agreed) = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        do {
            let pipeline = ConnectionPipeline(channel: context.channel, resources: resources)
            if agreed == "h2" { try pipeline.addHTTP2() } else { try pipeline.addHTTP1() }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
