import GatewayTLS
import GatewayTestKit
import NIOCore
import NIOPosix

/// A client that sends a request again as soon as its answer is whole, and an upstream that always says the same: both cost
/// so little that what is left is the gateway's.
enum PingPong {
    private static let answer = "HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n" + String(repeating: "x", count: 300)

    /// Runs a gateway and one upstream, then calls `measure` with what makes a number of exchanges.
    static func run(
        _ access: RunningGateway.Access = RunningGateway.Access(),
        _ measure: (_ exchanges: (Int) async throws -> Void) async throws -> Void
    ) async throws {
        let workspace = try Workspace()
        let upstream = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Parrot(ByteBuffer(string: answer)))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let url = "http://127.0.0.1:\(upstream.localAddress?.port ?? 0)"
        try await RunningGateway.run([.init("blue", urls: [url])], in: workspace, access: access) { gateway in
            let client = try await connect(gateway)
            try await measure { count in
                try await client.eventLoop.flatSubmit {
                    guard let pinger = try? client.pipeline.syncOperations.handler(type: Pinger.self) else {
                        return client.eventLoop.makeFailedFuture(ChannelError.eof)
                    }
                    return pinger.exchange(count)
                }.get()
            }
            try await client.close().get()
        }
        try await upstream.close().get()
    }

    private static func connect(_ gateway: RunningGateway) async throws -> any Channel {
        let tls = try gateway.workspace.client(protocols: ["http/1.1"])
        let request =
            "POST /demo/chat/score HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(RunningGateway.key)\r\n"
            + "content-type: application/json\r\ncontent-length: 13\r\n\r\n{\"inputs\":[]}"
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pinger = Pinger(ByteBuffer(string: request))
                    try channel.pipeline.syncOperations.addHandlers(try tls.makeHandler(host: "localhost"), pinger)
                }
            }
            .connect(host: "127.0.0.1", port: gateway.port)
            .get()
    }
}

/// Answers every read with the same bytes: requests here come in one piece.
private final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: ByteBuffer

    init(_ answer: ByteBuffer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}

/// Sends the request, waits for the 300 bytes of its answer's body, and sends it again.
private final class Pinger: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private var context: ChannelHandlerContext?
    private var left = 0
    private var finished: EventLoopPromise<Void>?

    init(_ request: ByteBuffer) { self.request = request }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func exchange(_ count: Int) -> EventLoopFuture<Void> {
        guard let context else { preconditionFailure("the connection is open while a round runs") }
        let promise = context.eventLoop.makePromise(of: Void.self)
        finished = promise
        left = count
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The answer is whole when its last byte, an x, has come; heads end otherwise.
        guard unwrapInboundIn(data).readableBytesView.last == UInt8(ascii: "x") else { return }
        left -= 1
        if left > 0 { context.writeAndFlush(wrapOutboundOut(request), promise: nil) } else { finished?.succeed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if left > 0 { finished?.fail(ChannelError.eof) }
    }
}
