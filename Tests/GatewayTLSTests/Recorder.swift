import GatewayTLS
import NIOCore
import NIOTLS

/// The last handler of a test's pipeline: keeps what arrives.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var received = ByteBuffer()
    var errors: [TLSError] = []
    var negotiated: String??
    var isInputClosed = false
    var isInactive = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let name)? = event as? TLSUserEvent { negotiated = .some(name) }
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { isInputClosed = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.append(error) }
    }

    func channelInactive(context: ChannelHandlerContext) { isInactive = true }
}
