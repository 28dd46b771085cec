import GatewayTLS
import NIOCore
import NIOPosix
import Testing

/// Sends back what it gets and reads on only while its answers leave.
private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) { context.read() }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.write(data, promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        if context.channel.isWritable { context.read() }
    }
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() }
    }
}

/// Sends a number of bytes as fast as the channel takes them and counts what comes back.
private final class Pump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private static let period = 251
    private static let pattern = ByteBuffer(bytes: (0..<period * 2_000).map { UInt8($0 % period) })

    private let total: Int
    private let done: EventLoopPromise<Int>
    private var sent = 0
    private var received = 0
    private var wrong = 0

    init(total: Int, done: EventLoopPromise<Int>) {
        self.total = total
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }
    func channelWritabilityChanged(context: ChannelHandlerContext) { send(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if bytes != Self.pattern.getSlice(at: received % Self.period, length: bytes.readableBytes) { wrong += 1 }
        received += bytes.readableBytes
        if received == total { done.succeed(wrong) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { done.fail(error) }
    func channelInactive(context: ChannelHandlerContext) { done.fail(ChannelError.eof) }

    private func send(_ context: ChannelHandlerContext) {
        while context.channel.isWritable, sent < total {
            let count = min(40_001, total - sent)
            if let bytes = Self.pattern.getSlice(at: sent % Self.period, length: count) {
                context.writeAndFlush(NIOAny(bytes), promise: nil)
            }
            sent += count
        }
    }
}

@Suite struct SocketTests {
    @Test(.timeLimit(.minutes(1)), arguments: [TLSVersion.tls12, .tls13])
    func `a large transfer passes both ways with back-pressure`(version: TLSVersion) async throws {
        let workspace = try Workspace()
        let server = try TLSServer(certificates: workspace.store(), applicationProtocols: [])
        let client = try TLSClient(trust: .file(workspace.authority), applicationProtocols: [], newest: version)
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([server.makeHandler(), Echo()])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let done = group.next().makePromise(of: Int.self)
        let connection = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try client.makeHandler(host: "localhost")
                    try channel.pipeline.syncOperations.addHandlers([handler, Pump(total: 4_000_000, done: done)])
                }
            }
            .connect(host: "127.0.0.1", port: listener.localAddress?.port ?? 0).get()
        #expect(try await done.futureResult.get() == 0)
        try await connection.close()
        try await listener.close()
    }
}
