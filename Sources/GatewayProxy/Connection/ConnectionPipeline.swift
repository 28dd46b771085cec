import NIOCore
import NIOHTTP1
import NIOHTTP2

/// Builds the handlers of a client connection.
///
/// The only place that knows their order.
struct ConnectionPipeline {
    private let channel: any Channel
    private let resources: LoopResources
    private let client: ClientFacts

    init(channel: any Channel, resources: LoopResources) {
        self.channel = channel
        self.resources = resources
        client = ClientFacts(address: channel.remoteAddress?.ipAddress ?? "unknown")
    }

    /// Guard -> parser -> exchange, which writes bytes.
    func addHTTP1() throws {
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .drop,
            limitConfiguration: Self.headLimits
        )
        let bytesGuard = BytesGuard()
        try channel.pipeline.syncOperations.addHandlers(
            bytesGuard,
            ByteToMessageHandler(decoder),
            ExchangeHandler(resources: resources, version: .http1, client: client, bytesGuard: bytesGuard)
        )
    }

    /// Frame guard -> HTTP/2 -> (stream: stream guard -> codec -> exchange), and the clock of the connection.
    func addHTTP2() throws {
        let connection = HTTP2ConnectionHandler(resources: resources)
        let bound = NIOLoopBound((resources: resources, client: client), eventLoop: channel.eventLoop)
        let handler = NIOHTTP2Handler(
            mode: .server,
            eventLoop: channel.eventLoop,
            connectionConfiguration: Self.connectionConfiguration,
            streamConfiguration: Self.streamConfiguration,
            streamDelegate: StreamCount(connection, on: channel.eventLoop)
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let (resources, client) = bound.value
                try stream.pipeline.syncOperations.addHandlers(
                    StreamGuard(),
                    HTTP2FramePayloadToHTTP1ServerCodec(),
                    ExchangeHandler(resources: resources, version: .http2, client: client)
                )
            }
        }
        try channel.pipeline.syncOperations.addHandlers(FrameGuard(), handler, connection)
    }

    private static let headLimits: NIOHTTPDecoderLimitConfiguration = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Limits.headBytes
        limits.maxHeaderListSize = Limits.headBytes
        limits.maxHeaderFieldCount = Limits.headFields
        return limits
    }()

    private static let connectionConfiguration: NIOHTTP2Handler.ConnectionConfiguration = {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: Limits.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: Limits.headBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: Limits.streamWindow),
        ]
        configuration.targetWindowSize = Limits.connectionWindow
        // `FrameGuard` weighs these against the work that a client brings; NIO's own fixed counts stand behind it.
        configuration.maximumSequentialContinuationFrames = 32
        configuration.maximumSequentialEmptyDataFrames = 100
        configuration.maximumConnectionGlitches = 1000
        configuration.controlFrameRateLimit.maximumCount = 10_000
        return configuration
    }()

    private static let streamConfiguration: NIOHTTP2Handler.StreamConfiguration = {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = Limits.streamWindow
        configuration.outboundBufferSizeHighWatermark = Limits.streamWindow
        configuration.outboundBufferSizeLowWatermark = Limits.streamWindow / 2
        configuration.streamResetFrameRateLimit.maximumCount = 1000
        configuration.streamErrorRateLimit.maximumCount = 1000
        return configuration
    }()
}
