import GatewayTLS
import NIOCore
import NIOEmbedded

/// A client's and a server's channel back to back, without sockets; bytes move only in `exchange()`.
final class Connection {
    let clientTLS: TLSHandler
    let serverTLS: TLSHandler
    let client: EmbeddedChannel
    let server: EmbeddedChannel
    let clientSide = Recorder()
    let serverSide = Recorder()
    /// Ciphertext from the server to the client, in order.
    private(set) var fromServer = ByteBuffer()

    init(_ server: TLSServer, _ client: TLSClient, host: String = "localhost", serverName: String? = nil) throws {
        serverTLS = server.makeHandler()
        clientTLS = try client.makeHandler(host: host, serverName: serverName)
        self.server = EmbeddedChannel(handlers: [serverTLS, serverSide])
        self.client = EmbeddedChannel(handlers: [clientTLS, clientSide])
        try self.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try self.client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try exchange()
    }

    deinit {
        _ = try? client.finish(acceptAlreadyClosed: true)
        _ = try? server.finish(acceptAlreadyClosed: true)
    }

    /// Carries bytes both ways until both sides are silent.
    func exchange() throws {
        var isSilent = false
        while !isSilent {
            isSilent = true
            while let bytes = try client.readOutbound(as: ByteBuffer.self) {
                isSilent = false
                if server.isActive { try server.writeInbound(bytes) }
            }
            while let bytes = try server.readOutbound(as: ByteBuffer.self) {
                isSilent = false
                fromServer.writeImmutableBuffer(bytes)
                if client.isActive { try client.writeInbound(bytes) }
            }
        }
    }

    func takeFromServer() -> ByteBuffer {
        defer { fromServer.clear() }
        return fromServer
    }
}

extension ByteBuffer {
    /// The types of the TLS records in these bytes; 0x17 is application data.
    var recordTypes: [UInt8] {
        var types: [UInt8] = []
        var rest = self
        while let type = rest.readInteger(as: UInt8.self), rest.readInteger(as: UInt16.self) != nil,
            let length = rest.readInteger(as: UInt16.self), rest.readSlice(length: Int(length)) != nil
        {
            types.append(type)
        }
        return types
    }
}
