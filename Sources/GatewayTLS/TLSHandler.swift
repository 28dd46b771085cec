package import NIOCore
import NIOTLS

/// Puts TLS between a channel's bytes and the handlers above it: tells `TLSEngine` what happened and does what it says.
///
/// One read of the channel becomes one buffer of plaintext, and one flush one buffer of ciphertext and one write.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum State {
        case idle
        case handshaking
        case open
        /// The peer ended the connection, or an error did; only closing is left.
        case closing
        case closed
    }

    let engine: TLSEngine?
    var state = State.idle
    var queue = PlaintextQueue()
    /// Carries the promises of all writes since the last flush.
    var promise: EventLoopPromise<Void>?
    var isFlushWanted = false
    var isCloseNotifySent = false
    private var isReadWanted = false
    private let handshakeTimeout: TimeAmount
    /// Of a server: told how the handshake ends.
    let handshakes: HandshakeCounts?
    private var deadline: Scheduled<Void>?
    private var facts = TLSFacts()

    /// The host name that the client asked for.
    package var serverName: String? { facts.serverName }
    package var applicationProtocol: String? { facts.applicationProtocol }
    /// Nil until the handshake is complete.
    package var version: TLSVersion? { facts.version }
    package var isResumed: Bool { facts.isResumed }

    init(engine: TLSEngine?, handshakeTimeout: TimeAmount, handshakes: HandshakeCounts? = nil) {
        self.engine = engine
        self.handshakes = handshakes
        self.handshakeTimeout = handshakeTimeout
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        failWrites(ChannelError.ioOnClosedChannel)
        state = .closed
    }

    package func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let ended = state
        state = .closed
        deadline?.cancel()
        switch ended {
        case .handshaking:
            handshakes?.end(isDone: false)
            context.fireErrorCaught(TLSError.handshakeFailed("the connection was closed"))
        case .open: context.fireErrorCaught(TLSError.truncated)
        case .idle, .closing, .closed: break
        }
        failWrites(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let engine, state == .handshaking || state == .open else { return }
        engine.receive(unwrapInboundIn(data))
        if state == .handshaking { shakeHands(context, engine) }
        decrypt(context, engine)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if state != .closed { sendProduced(context, promise: nil) }
        context.fireChannelReadComplete()
        // A handshake, and a record that came in part, need more bytes than the handlers above asked for.
        if state == .handshaking || (isReadWanted && state == .open) { context.read() }
    }

    package func read(context: ChannelHandlerContext) {
        isReadWanted = true
        context.read()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isCloseNotifySent, state != .closing, state != .closed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        queue.append(unwrapOutboundIn(data))
        guard let promise else { return }
        if let carrier = self.promise {
            carrier.futureResult.cascade(to: promise)
        } else {
            self.promise = promise
        }
    }

    package func flush(context: ChannelHandlerContext) {
        guard state == .open else {
            isFlushWanted = state != .closed
            return
        }
        encryptQueue(context)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The channel allows half-closure and the peer's bytes ended: without `close_notify` this is a truncation.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent, state == .open || state == .handshaking {
            let error = state == .open ? TLSError.truncated : .handshakeFailed("the connection was closed")
            return fail(error, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func start(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        guard let engine else { return fail(.library("no memory for a TLS connection"), context) }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTimeout) {
            if self.state == .handshaking { self.fail(.handshakeTimedOut, context) }
        }
        shakeHands(context, engine)
        sendProduced(context, promise: nil)
        if state == .handshaking { context.read() }
    }

    private func shakeHands(_ context: ChannelHandlerContext, _ engine: TLSEngine) {
        switch engine.handshake() {
        case .waiting: break
        case .failed(let error): fail(error, context)
        case .complete:
            state = .open
            handshakes?.end(isDone: true)
            deadline?.cancel()
            deadline = nil
            facts = engine.facts
            if isFlushWanted { encryptQueue(context) }
            context.fireUserInboundEventTriggered(
                TLSUserEvent.handshakeCompleted(negotiatedProtocol: facts.applicationProtocol)
            )
        }
    }

    private func decrypt(_ context: ChannelHandlerContext, _ engine: TLSEngine) {
        while state == .open {
            switch engine.decrypt() {
            case .bytes(let plaintext):
                isReadWanted = false
                context.fireChannelRead(wrapInboundOut(plaintext))
            case .waiting: return
            case .closeNotify: return peerClosed(context)
            case .failed(let error): return fail(error, context)
            }
        }
    }
}
