import GatewayTLS
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TLSHandlerTests {
    private let workspace: Workspace
    private let server: TLSServer

    init() throws {
        workspace = try Workspace()
        server = try TLSServer(certificates: try workspace.store(), applicationProtocols: ["h2", "http/1.1"])
    }

    private func client(_ protocols: [String] = ["http/1.1"], _ newest: TLSVersion = .tls13) throws -> TLSClient {
        try TLSClient(trust: .file(workspace.authority), applicationProtocols: protocols, newest: newest)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `both versions shake hands and carry bytes both ways`(version: TLSVersion) throws {
        let connection = try Connection(server, client(["http/1.1"], version))
        #expect(connection.serverTLS.version == version)
        #expect(connection.clientTLS.version == version)
        #expect(connection.serverTLS.serverName == "localhost")
        try connection.client.writeAndFlush(ByteBuffer(string: "question")).wait()
        try connection.exchange()
        try connection.server.writeAndFlush(ByteBuffer(string: "answer")).wait()
        try connection.exchange()
        #expect(connection.serverSide.received == ByteBuffer(string: "question"))
        #expect(connection.clientSide.received == ByteBuffer(string: "answer"))
    }

    @Test func `a server counts how its handshakes end`() throws {
        let connection = try Connection(server, client())
        #expect(connection.serverTLS.version != nil)
        #expect([server.handshakes.done, server.handshakes.failed] == [1, 0])
        let stranger = EmbeddedChannel(handler: server.makeHandler())
        try stranger.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        _ = try? stranger.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        _ = try? stranger.finish(acceptAlreadyClosed: true)
        #expect([server.handshakes.done, server.handshakes.failed] == [1, 1])
    }

    @Test(arguments: [
        (["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], String?.none),
    ])
    func `the server's order decides the protocol`(offered: [String], expected: String?) throws {
        let connection = try Connection(server, client(offered))
        #expect(connection.serverSide.negotiated == .some(expected))
        #expect(connection.clientSide.negotiated == .some(expected))
    }

    @Test func `a client without a common protocol is refused by an alert`() throws {
        let connection = try Connection(server, client(["spdy/3"]))
        #expect(connection.serverSide.errors.count == 1)
        #expect("\(connection.clientSide.errors)".contains("no application protocol"))
        #expect(!connection.server.isActive)
    }

    @Test func `a certificate for another name is refused by the client`() throws {
        let connection = try Connection(server, client(), host: "other.example.org")
        #expect("\(connection.clientSide.errors)".contains("hostname mismatch"))
        #expect(connection.clientSide.negotiated == nil)
        #expect(!connection.server.isActive)
    }

    @Test func `an IP address is verified as one`() throws {
        #expect(try Connection(server, client(), host: "127.0.0.1").clientSide.errors.isEmpty)
        let wrong = try Connection(server, client(), host: "127.0.0.2")
        #expect("\(wrong.clientSide.errors)".contains("IP address mismatch"))
    }

    @Test func `an unknown authority is refused by the client`() throws {
        let stranger = try Workspace()
        let connection = try Connection(server, TLSClient(trust: .file(stranger.authority)))
        #expect("\(connection.clientSide.errors)".contains("certificate"))
        #expect(connection.clientSide.negotiated == nil)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a session is resumed, also after a reload`(version: TLSVersion) throws {
        let client = try client(["http/1.1"], version)
        let first = try Connection(server, client)
        #expect(!first.serverTLS.isResumed)
        try workspace.renew()
        server.certificates.reload()
        let second = try Connection(server, client)
        #expect(second.serverTLS.isResumed)
        #expect(second.clientTLS.isResumed)
        try second.client.writeAndFlush(ByteBuffer(string: "again")).wait()
        try second.exchange()
        #expect(second.serverSide.received == ByteBuffer(string: "again"))
        #expect(try Connection(server, client).serverTLS.isResumed)
    }

    @Test func `many small writes and one flush become full records in one buffer`() throws {
        let connection = try Connection(server, client())
        _ = connection.takeFromServer()
        let written = connection.server.eventLoop.makePromise(of: Void.self)
        for index in 0..<4_000 {
            connection.server.write(ByteBuffer(string: "0123456789"), promise: index == 0 ? written : nil)
        }
        connection.server.flush()
        let ciphertext = try #require(try connection.server.readOutbound(as: ByteBuffer.self))
        #expect(try connection.server.readOutbound(as: ByteBuffer.self) == nil)
        #expect(ciphertext.recordTypes == [0x17, 0x17, 0x17])
        try written.futureResult.wait()
    }

    @Test func `every promise of one flush is kept`() throws {
        let connection = try Connection(server, client())
        let promises = (0..<3).map { _ in connection.server.eventLoop.makePromise(of: Void.self) }
        for promise in promises { connection.server.write(ByteBuffer(string: "x"), promise: promise) }
        connection.server.flush()
        for promise in promises { try promise.futureResult.wait() }
    }

    @Test func `writes that were never flushed fail when the channel closes`() throws {
        let connection = try Connection(server, client())
        let promise = connection.server.eventLoop.makePromise(of: Void.self)
        connection.server.write(ByteBuffer(string: "x"), promise: promise)
        try connection.server.close().wait()
        #expect(throws: ChannelError.self) { try promise.futureResult.wait() }
    }

    @Test func `what a client flushes before the handshake is sent after it`() throws {
        let handler = try client().makeHandler(host: "localhost")
        let early = EmbeddedChannel(handlers: [handler])
        early.writeAndFlush(ByteBuffer(string: "early"), promise: nil)
        try early.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let recorder = Recorder()
        let late = EmbeddedChannel(handlers: [server.makeHandler(), recorder])
        try late.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for _ in 0..<4 {
            while let bytes = try early.readOutbound(as: ByteBuffer.self) { try late.writeInbound(bytes) }
            while let bytes = try late.readOutbound(as: ByteBuffer.self) { try early.writeInbound(bytes) }
        }
        #expect(recorder.received == ByteBuffer(string: "early"))
    }

    @Test func `one byte at a time is enough for a handshake`() throws {
        let late = EmbeddedChannel(handlers: [server.makeHandler()])
        try late.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let early = EmbeddedChannel(handlers: [try client().makeHandler(host: "localhost")])
        try early.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var hello = try #require(try early.readOutbound(as: ByteBuffer.self))
        while let byte = hello.readSlice(length: 1) { try late.writeInbound(byte) }
        let answer = try #require(try late.readOutbound(as: ByteBuffer.self))
        #expect(answer.recordTypes.first == 0x16)
    }
}
