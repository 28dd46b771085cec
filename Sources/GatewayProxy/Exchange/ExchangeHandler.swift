import GatewayCore
import GatewayTLS
import NIOCore
import NIOHTTP1

/// Owns the client's side of an exchange; asks `Exchange` what to do and does it.
///
/// On HTTP/1.1 it lives as long as the connection and carries one exchange after another; on HTTP/2 each stream has its own.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    /// Over HTTP/2; over HTTP/1.1 it writes bytes.
    typealias OutboundOut = HTTPServerResponsePart

    /// What waits behind the exchange that runs: parts of pipelined requests, or the fault that ends the connection.
    enum Waiting {
        case part(HTTPServerRequestPart)
        case fault(status: Int, reason: String)

        /// Whether it has an answer of its own.
        var hasAnswer: Bool {
            switch self {
            case .part(.head), .fault: true
            case .part(.body), .part(.end): false
            }
        }
    }

    let resources: LoopResources
    let version: HTTPVersionKind
    let client: ClientFacts
    /// Knows whether a head has begun; HTTP/2 streams have none.
    private let bytesGuard: BytesGuard?
    var context: ChannelHandlerContext?
    private var writer = HTTP1Writer()
    var exchange = Exchange()
    var current: CurrentRequest?
    var call: UpstreamCall?
    var waiting = CircularBuffer<Waiting>()
    /// The connection ends behind the answer that is being given.
    var mustClose = false
    var isReceivingWaiting = false
    /// The timer of the connection runs for a head, from its first byte on: it is not set back by the next ones.
    var isHeadTimed = false
    /// A fault was seen: the first one counts.
    var hasFault = false
    /// The last answer is written; what still comes is thrown away.
    var isLingering = false
    var discardedBytes = 0
    /// Names one attempt, so that a connection that comes too late is known.
    var attempt = 0
    /// Inside one batch of reads: writes are flushed once, at its end.
    var isInRead = false
    var mustFlush = false
    var mustFlushUpstream = false
    var mustBeginMirrors = false
    /// Waits for the end of the loop's turn to flush.
    private var isInTurn = false
    private var hasPendingRead = false
    var bodyWindowBytes = 0
    var slowWindows = 0
    private(set) lazy var connectionTimer = timer { $0.connectionTimedOut() }
    private(set) lazy var requestTimer = timer { $0.requestTimedOut() }
    private(set) lazy var bodyTimer = timer { $0.bodyWindowEnded() }
    private(set) lazy var stallTimer = timer { $0.clientStalled() }

    init(
        resources: LoopResources,
        version: HTTPVersionKind,
        client: ClientFacts,
        bytesGuard: BytesGuard? = nil
    ) {
        self.bytesGuard = bytesGuard
        self.resources = resources
        self.version = version
        self.client = client
    }

    /// Leads to the handler from `handlerAdded` to `handlerRemoved`, for what may outlive it: timers, connects.
    ///
    /// Not a weak reference: an object that has one takes several times as long to retain, and this one is retained twenty
    /// times a request.
    final class Reference {
        fileprivate(set) var handler: ExchangeHandler?
    }

    let reference = Reference()

    private func timer(_ action: @escaping (ExchangeHandler) -> Void) -> LazyTimer {
        LazyTimer(on: resources.loop) { [reference] in reference.handler.map(action) }
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        reference.handler = self
        guard version == .http1 else { return }
        connectionTimer.set(.now() + Limits.head)
        isHeadTimed = true
        resources.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        clientLeft()
        for timer in [connectionTimer, requestTimer, bodyTimer, stallTimer] { timer.cancel() }
        reference.handler = nil
        if version == .http1 { resources.closed(self) }
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInRead = true
        receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInRead = false
        flushAll()
        watchForMore()
        context.fireChannelReadComplete()
    }

    /// Back-pressure towards the client: its bytes are read only while somebody can take them.
    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { hasPendingRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        call?.setReading(isWritable)
        if isWritable { stallTimer.clear() } else { stallTimer.set(.now() + Limits.stalledClient) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        clientLeft()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (version, error) {
        case (.http1, HTTPParserError.invalidEOFState):
            // The client left in the middle of a message: there is nobody to tell.
            clientLeft()
            context.close(promise: nil)
        case (.http1, let violation as GuardViolation): receiveFault(status: violation.status, reason: violation.reason)
        case (.http1, is HTTPParserError):
            receiveFault(status: 400, reason: "The request breaks the syntax of HTTP/1.1.")
        case (.http2, let fault as RequestFault): receiveFault(status: fault.status, reason: fault.reason)
        default:
            clientLeft()
            context.close(promise: nil)
        }
    }

    // MARK: - Reading

    /// Whether the client's next bytes have a place.
    private var mayRead: Bool {
        if isLingering { return true }
        guard waiting.isEmpty else { return false }
        if exchange.isConnecting || current?.isAsking == true, !exchange.isRequestComplete {
            return (current?.keptBytes ?? 0) < Limits.waitingBody
        }
        if exchange.isRequestComplete || exchange.isHolding { return true }
        return call?.isWritable ?? true
    }

    func resumeReading() {
        guard hasPendingRead, mayRead else { return }
        hasPendingRead = false
        context?.read()
    }

    /// Whether bytes of a head have come that is not whole, or of a request that waits.
    var hasHeadBegun: Bool { bytesGuard.map { !$0.isBetweenRequests } ?? false }

    /// Starts the clock for what the client owes: the rest of a head, or the rest of a body.
    private func watchForMore() {
        if exchange.isIdle {
            if hasHeadBegun, waiting.isEmpty, !isLingering, !isHeadTimed {
                isHeadTimed = true
                connectionTimer.set(.now() + Limits.head)
            }
        } else if !exchange.isRequestComplete {
            startBodyWatch()
        }
    }

    /// Sends what was written when the loop's turn ends.
    ///
    /// Every write wakes its reader, who takes the core at once when all are busy: with the writes of a turn together that
    /// happens once for many requests, without them twice for each (a sixth of the CPU time of a small request).
    func flushAll() {
        guard !isInTurn, mustFlush || mustFlushUpstream || mustBeginMirrors else { return }
        isInTurn = true
        resources.flushes.add(self)
    }

    func turnEnded() {
        isInTurn = false
        if mustFlushUpstream {
            mustFlushUpstream = false
            call?.flush()
        }
        if mustFlush { flush() }
        if mustBeginMirrors { beginMirrors() }
    }

    func write(_ part: HTTPServerResponsePart) {
        mustFlush = true
        guard version == .http1 else {
            context?.write(wrapOutboundOut(part), promise: nil)
            return
        }
        switch part {
        case .head(let head): writer.append(head, limits: head.status.code >= 200 ? current?.limits : nil)
        case .body(.byteBuffer(let bytes)):
            guard let large = writer.append(body: bytes) else { return }
            writePending()
            context?.write(NIOAny(large), promise: nil)
            writer.bodyEnded()
        case .body(.fileRegion): preconditionFailure("an answer is never a file")
        case .end(let trailers): writer.appendEnd(trailers: trailers)
        }
    }

    func flush() {
        mustFlush = false
        writePending()
        context?.flush()
    }

    private func writePending() {
        if let pending = writer.take() { context?.write(NIOAny(pending), promise: nil) }
    }

    /// Flushes now, or at the end of the reads that are being worked off.
    func flushSoon() {
        mustFlush = true
        if !isInRead { flushAll() }
    }
}

extension ExchangeHandler: DrainableConnection {
    /// The connection closes behind the first answer that says so, or when no request comes within the farewell.
    ///
    /// Whoever has an answer that does not say so may have sent the next request already.
    func drain() {
        if exchange.isIdle, waiting.isEmpty, !isLingering, !hasHeadBegun { awaitNextRequest() }
    }

    func closeNow() {
        flush()
        // As `cut` does.
        if exchange.hasResponseBegun, !exchange.hasAnswered {
            context?.triggerUserOutboundEvent(TLSAbort(), promise: nil)
        }
        context?.close(promise: nil)
    }
}
