import GatewayCore
import NIOCore
import NIOHTTP1

/// One kept-alive connection to an instance: carries one exchange at a time, on the event loop of the client it serves.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private enum State {
        case idle
        /// Carries an exchange; `isResponseComplete` until the read that ended it is over.
        case leased(isResponseComplete: Bool)
        case closed
    }

    let instance: Instance
    private let pool: UpstreamPool
    private let wire: UpstreamWire
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var caller: ExchangeHandler?
    private var isReused = false
    private var hasSent = false
    private var isRequestComplete = false
    private var hasResponseBegun = false
    private var isReading = true
    private var hasPendingRead = false
    private var interimResponses = 0
    /// Read since the decoder last made something of it.
    private var silentBytes = 0
    private var keepsAlive = true
    private(set) var idleSince = NIODeadline.now()

    init(instance: Instance, pool: UpstreamPool, wire: UpstreamWire) {
        self.instance = instance
        self.pool = pool
        self.wire = wire
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var isIdle: Bool { if case .idle = state { true } else { false } }
    private var isUsable: Bool { isIdle && context?.channel.isActive == true }

    // MARK: - What the exchange asks

    /// Takes the connection for one exchange; false when it died in the pool.
    func lease(to caller: ExchangeHandler) -> Bool {
        guard isUsable else { return false }
        state = .leased(isResponseComplete: false)
        self.caller = caller
        hasSent = false
        isRequestComplete = false
        hasResponseBegun = false
        interimResponses = 0
        keepsAlive = true
        return true
    }

    func sendHead(_ head: HTTPRequestHead) {
        hasSent = true
        wire.write(head)
    }

    func sendBody(_ bytes: ByteBuffer) {
        wire.write(body: bytes)
    }

    func sendEnd(trailers: HTTPHeaders?) {
        isRequestComplete = true
        wire.writeEnd(trailers: trailers)
    }

    func flush() {
        wire.flush()
    }

    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        if isReading, hasPendingRead {
            hasPendingRead = false
            context?.read()
        }
    }

    /// Closing is how HTTP/1.1 cancels: the upstream sees the end of the stream at once.
    func cancel() {
        caller = nil
        close()
    }

    func closeIfIdle() {
        if isIdle { close() }
    }

    private func close() {
        guard let context else { return }
        context.close(promise: nil)
    }

    // MARK: - What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if isReading { context.read() } else { hasPendingRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .leased(false) = state else {
            // Bytes past a response, or without a request: whatever they are, nobody asked (SECURITY U-2).
            keepsAlive = false
            close()
            return
        }
        silentBytes = 0
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head)
        case .body(let bytes): caller?.upstreamBody(bytes)
        case .end(let trailers):
            state = .leased(isResponseComplete: true)
            caller?.upstreamEnd(trailers: trailers)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        caller?.upstreamReadComplete()
        if case .leased(true) = state { giveBack() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        caller?.upstreamWritabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error is HTTPParserError ? .malformed : (hasResponseBegun ? .receive : .wait))
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .leased(true) = state { caller?.upstreamReadComplete() }
        fail(hasResponseBegun ? .receive : .wait)
        state = .closed
        pool.remove(self)
        context.fireChannelInactive()
    }

    private func receive(_ head: HTTPResponseHead) {
        if (100..<200).contains(head.status.code), head.status.code != 101 {
            interimResponses += 1
            if interimResponses > Limits.interimResponses { refuse() }
            return
        }
        hasResponseBegun = true
        keepsAlive = head.isKeepAlive
        caller?.upstreamHead(head)
    }

    /// The response breaks a rule of ours: the connection is not to be trusted any further.
    func refuse() {
        fail(.malformed)
        close()
    }

    /// Counts what is read; endless heads, reason phrases, chunk extensions and trailers end here (SECURITY U-3).
    func mayRead(_ count: Int) -> Bool {
        silentBytes += count
        if silentBytes <= Limits.silentResponseBytes { return true }
        refuse()
        return false
    }

    /// Tells the exchange, once, that no whole answer comes.
    private func fail(_ phase: UpstreamFailure.Phase) {
        guard case .leased(false) = state, let caller else { return }
        self.caller = nil
        state = .closed
        caller.upstreamFailed(UpstreamFailure(phase: phase, isReused: isReused, hasSent: hasSent))
    }

    private func giveBack() {
        caller = nil
        guard keepsAlive, isRequestComplete, context?.channel.isActive == true else {
            state = .closed
            close()
            return
        }
        // The answer came before the loop's turn ended in which the request did.
        wire.flush()
        state = .idle
        isReused = true
        idleSince = .now()
        setReading(true)
        pool.put(self)
    }
}
