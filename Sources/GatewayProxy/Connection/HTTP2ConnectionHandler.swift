import NIOCore
import NIOHTTP2

/// Watches one HTTP/2 connection as a whole: closes it when its client does not read, and in two steps when it is idle or the
/// gateway stops (RFC 9113 §6.8).
final class HTTP2ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let resources: LoopResources
    private var context: ChannelHandlerContext?
    private var openStreams = 0
    private var lastStream: HTTP2StreamID = .rootStream
    /// The end of the farewell, once the first GOAWAY is sent.
    private var farewellEnd: NIODeadline?
    /// The second one is sent, and the client's end waited for: until then at most.
    private var lingerEnd: NIODeadline?
    /// The system has all that was written.
    private var isAllSent = false
    private lazy var idleTimer = LazyTimer(on: resources.loop) { [weak self] in
        guard let self else { return }
        if self.lingerEnd != nil { return self.closeNow() }
        guard self.openStreams == 0 else { return }
        if self.farewellEnd == nil { self.drain() } else { self.sendFinalGoAway() }
    }
    private lazy var stallTimer = LazyTimer(on: resources.loop) { [weak self] in
        guard let self else { return }
        self.closeNow()
    }

    init(resources: LoopResources) {
        self.resources = resources
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        idleTimer.set(.now() + resources.lifecycle.idle)
        resources.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer.cancel()
        stallTimer.cancel()
        resources.closed(self)
        self.context = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { stallTimer.clear() } else { stallTimer.set(.now() + Limits.stalledClient) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO resets a stream by itself; what reaches the connection ends it.
        if error is NIOHTTP2Errors.StreamError { return }
        // Behind the last GOAWAY every frame is an error to NIO: those of a client too that still takes what was sent.
        if lingerEnd != nil { return waitForClient() }
        context.close(promise: nil)
    }

    fileprivate func streamCreated(_ id: HTTP2StreamID) {
        openStreams += 1
        lastStream = max(lastStream, id)
        idleTimer.clear()
    }

    fileprivate func streamClosed() {
        openStreams -= 1
        guard openStreams == 0, lingerEnd == nil else { return }
        idleTimer.set(farewellEnd ?? .now() + resources.lifecycle.idle)
    }
}

/// Tells the connection of its streams; NIO wants a `Sendable` value for that.
struct StreamCount: NIOHTTP2StreamDelegate {
    private let connection: NIOLoopBound<HTTP2ConnectionHandler>

    init(_ connection: HTTP2ConnectionHandler, on loop: any EventLoop) {
        self.connection = NIOLoopBound(connection, eventLoop: loop)
    }

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
        connection.value.streamCreated(id)
    }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
        connection.value.streamClosed()
    }
}

extension HTTP2ConnectionHandler: DrainableConnection {
    /// First GOAWAY: no stream is refused yet, but the client is told to open no more.
    ///
    /// The second comes with the last stream, when those that were on their way have come.
    func drain() {
        guard farewellEnd == nil else { return }
        let end = NIODeadline.now() + resources.lifecycle.farewell
        farewellEnd = end
        announceStop()
        if openStreams == 0 { idleTimer.set(end) }
    }

    func closeNow() {
        context?.close(promise: nil)
    }

    /// In a later turn: a stream is told of as closed while its last bytes may still wait here.
    private func sendFinalGoAway() {
        resources.loop.assumeIsolated().execute { [weak self] in self?.linger() }
    }

    /// Ends our side behind the second GOAWAY, and lets the client take all of it before the socket goes, as over HTTP/1.1.
    private func linger() {
        guard lingerEnd == nil, let context else { return }
        let end = NIODeadline.now() + Limits.stalledClient
        lingerEnd = end
        idleTimer.set(end)
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
        )
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.isAllSent = true
            self?.waitForClient()
        }
        context.close(mode: .output, promise: sent)
    }

    /// What has left the gateway may still wait for the client in the system's buffers.
    private func waitForClient() {
        guard let lingerEnd, isAllSent else { return }
        idleTimer.set(min(.now() + Limits.linger, lingerEnd))
    }

    /// Written below NIO's handler: behind a GOAWAY of its own that would ignore every new stream, those too that the
    /// client opened before it could know.
    private func announceStop() {
        guard let context,
            let http2 = try? context.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        else { return }
        var frame = context.channel.allocator.buffer(capacity: 17)
        // Eight bytes of GOAWAY, without flags, on the connection (RFC 9113 §6.8).
        frame.writeBytes([0, 0, 8, 7, 0, 0, 0, 0, 0])
        frame.writeInteger(UInt32(Int32.max))
        frame.writeInteger(UInt32(0))
        http2.writeAndFlush(NIOAny(frame), promise: nil)
    }
}
