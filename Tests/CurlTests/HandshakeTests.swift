import Curl
import NIOCore
import NIOPosix
import Testing

/// What goes wrong before there is a secure connection, and whose fault it is.
@Suite(.timeLimit(.minutes(3))) struct HandshakeTests {
    private let client = CurlClient.test

    @Test(arguments: [true, false])
    func `a connection that is cut in its handshake is no certificate that is not trusted`(isReset: Bool) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                let handled = channel.pipeline.addHandler(CloseOnRead())
                // Without time to linger a close is a reset.
                guard isReset, let socket = channel as? any SocketOptionProvider else { return handled }
                return handled.flatMap { socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let request = CurlRequest(url: "https://127.0.0.1:\(server.localAddress?.port ?? 0)/", authority: .system)
        let failure = try #require(try await client.exchange(request).failure)
        #expect(failure.phase == .connect && !failure.isUntrusted && !failure.hasSentRequest)
        #expect(failure.reason.contains("cut in the TLS handshake"))
        try await server.close()
    }

    @Test func `a server that does not speak TLS is no certificate that is not trusted either`() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in channel.pipeline.addHandler(PlainAnswer()) }
            .bind(host: "127.0.0.1", port: 0).get()
        let request = CurlRequest(url: "https://127.0.0.1:\(server.localAddress?.port ?? 0)/", authority: .system)
        let failure = try #require(try await client.exchange(request).failure)
        #expect(failure.phase == .tls && !failure.isUntrusted)
        try await server.close()
    }
}

/// Ends a connection when its first bytes come.
private final class CloseOnRead: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
}

/// Answers to whatever comes in plain HTTP.
private final class PlainAnswer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n")), promise: nil)
    }
}
