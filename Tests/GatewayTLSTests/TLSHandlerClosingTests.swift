import GatewayTLS
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TLSHandlerClosingTests {
    private let workspace: Workspace
    private let server: TLSServer
    private let client: TLSClient

    init() throws {
        workspace = try Workspace()
        server = try TLSServer(certificates: try workspace.store(), applicationProtocols: ["http/1.1"])
        client = try TLSClient(trust: .file(workspace.authority), applicationProtocols: ["http/1.1"])
    }

    @Test func `close sends close_notify, and the peer answers and ends cleanly`() throws {
        let connection = try Connection(server, client)
        connection.server.close(promise: nil)
        try connection.exchange()
        #expect(connection.clientSide.isInputClosed)
        #expect(connection.clientSide.errors.isEmpty)
        #expect(!connection.client.isActive)
        #expect(!connection.server.isActive)
        #expect(connection.serverSide.errors.isEmpty)
    }

    @Test func `what was flushed before close arrives before the end`() throws {
        let connection = try Connection(server, client)
        connection.server.writeAndFlush(ByteBuffer(string: "last words"), promise: nil)
        connection.server.close(promise: nil)
        try connection.exchange()
        #expect(connection.clientSide.received == ByteBuffer(string: "last words"))
        #expect(connection.clientSide.errors.isEmpty)
    }

    @Test func `an end without close_notify is a truncation`() throws {
        let connection = try Connection(server, client)
        connection.client.pipeline.fireChannelInactive()
        #expect(connection.clientSide.errors == [.truncated])
        #expect(connection.clientSide.isInactive)
    }

    @Test func `half-closed input without close_notify is a truncation`() throws {
        let connection = try Connection(server, client)
        connection.client.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(connection.clientSide.errors == [.truncated])
        #expect(!connection.client.isActive)
    }

    @Test func `closing the output ends it cleanly for the peer`() throws {
        let connection = try Connection(server, client)
        connection.server.close(mode: .output, promise: nil)
        try connection.exchange()
        #expect(connection.clientSide.isInputClosed)
        #expect(connection.clientSide.errors.isEmpty)
    }

    @Test func `a handshake that takes longer than ten seconds is ended`() throws {
        let recorder = Recorder()
        let channel = EmbeddedChannel(handlers: [server.makeHandler(), recorder])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        try channel.writeInbound(ByteBuffer(bytes: [0x16, 0x03]))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(recorder.errors == [.handshakeTimedOut])
        #expect(!channel.isActive)
    }

    @Test func `no timer is left after the handshake`() throws {
        let connection = try Connection(server, client)
        connection.server.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(connection.server.isActive)
        #expect(connection.serverSide.errors.isEmpty)
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
        (0..<1_020).map { UInt8(255 - $0 % 256) },
        [0x16, 0x03, 0x01, 0xff, 0xff] + [UInt8](repeating: 0, count: 65_535),
        Array([[UInt8]](repeating: [0x16, 0x03, 0x03, 0x00, 0x00], count: 2_000).joined()),
        [0x17, 0x03, 0x03, 0x00, 0x05] + Array("hello".utf8),
        [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28],
    ])
    func `garbage closes the connection at once`(bytes: [UInt8]) throws {
        let recorder = Recorder()
        let channel = EmbeddedChannel(handlers: [server.makeHandler(), recorder])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        #expect(!channel.isActive)
        #expect(recorder.errors.count == 1)
    }

    @Test func `a damaged record closes the connection`() throws {
        let connection = try Connection(server, client)
        try connection.server.writeInbound(ByteBuffer(bytes: [0x17, 0x03, 0x03, 0x00, 0x20] + (0..<32)))
        #expect(!connection.server.isActive)
        guard case .protocolViolation = connection.serverSide.errors.first else {
            Issue.record("\(connection.serverSide.errors)")
            return
        }
    }
}
