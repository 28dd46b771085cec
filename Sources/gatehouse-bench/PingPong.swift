import GatewayTLS
import GatewayTestKit
import NIOCore
import NIOPosix

/// A client that sends a request again as soon as its answer is whole, and an upstream that always says the same: both cost
/// so little that what is left is the gateway's.
enum PingPong {
    /// What is asked and answered, again and again.
    struct Call {
        fileprivate let path: String
        fileprivate let body: String
        /// Of the answer, beside its length.
        fileprivate let header: String
        fileprivate let answer: String

        /// Bodies that nobody reads.
        static let score = Call(
            path: "score",
            body: "{\"inputs\":[]}",
            header: "",
            answer: String(repeating: "x", count: 300)
        )
        /// Bodies of 300 bytes that the gateway reads.
        static let chat = Call(
            path: "v1/chat/completions",
            body: """
                {"model":"chat","messages":[{"role":"user","content":"\(String(repeating: "x", count: 200))"}],"temperature":0.5,"seed":7}
                """,
            header: "content-type: application/json\r\n",
            answer: """
                {"id":"a-1","model":"m","choices":[{"message":{"content":"\(String(repeating: "x", count: 200))"},"finish_reason":"stop"}],\
                "usage":{"prompt_tokens":9,"completion_tokens":4}}
                """
        )
    }

    /// Runs a gateway and one upstream, then calls `measure` with what makes a number of exchanges.
    static func run(
        _ call: Call,
        _ access: RunningGateway.Access = RunningGateway.Access(),
        _ measure: (_ exchanges: (Int) async throws -> Void) async throws -> Void
    ) async throws {
        let workspace = try Workspace()
        let upstream = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let head = "HTTP/1.1 200 OK\r\n\(call.header)content-length: \(call.answer.utf8.count)\r\n\r\n"
                    let parrot = Parrot(ByteBuffer(string: head + call.answer))
                    try channel.pipeline.syncOperations.addHandler(parrot)
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let url = "http://127.0.0.1:\(upstream.localAddress?.port ?? 0)"
        try await RunningGateway.run([.init("blue", urls: [url])], in: workspace, access: access) { gateway in
            let client = try await connect(gateway, call)
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

    private static func connect(_ gateway: RunningGateway, _ call: Call) async throws -> any Channel {
        let tls = try gateway.workspace.client(protocols: ["http/1.1"])
        let request =
            "POST /demo/chat/\(call.path) HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \(RunningGateway.key)\r\n"
            + "content-type: application/json\r\ncontent-length: \(call.body.utf8.count)\r\n\r\n\(call.body)"
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pinger = Pinger(ByteBuffer(string: request), until: call.answer.utf8.last)
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

/// Sends the request, waits for its answer, and sends it again.
private final class Pinger: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private let last: UInt8?
    private var context: ChannelHandlerContext?
    private var left = 0
    private var finished: EventLoopPromise<Void>?

    /// - Parameter last: the last byte of the answer's body.
    init(_ request: ByteBuffer, until last: UInt8?) {
        self.request = request
        self.last = last
    }

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
        // The answer is whole when its last byte has come; heads, and parts of these bodies, end otherwise.
        guard unwrapInboundIn(data).readableBytesView.last == last else { return }
        left -= 1
        if left > 0 { context.writeAndFlush(wrapOutboundOut(request), promise: nil) } else { finished?.succeed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if left > 0 { finished?.fail(ChannelError.eof) }
    }
}
