package import GatewayTLS
package import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 client over TLS that sends what it is told and shows what it gets, piece by piece.
package final class RawClient: Sendable {
    /// What comes from the gateway.
    fileprivate enum Received: Sendable {
        case bytes(ByteBuffer)
        /// The end came without TLS's farewell.
        case cut
        case closed
    }

    private struct Unread {
        var bytes = ByteBuffer()
        var isClosed = false
        var isCut = false
    }

    private let channel: any Channel
    private let received: Inbox<Received>
    private let unread = Mutex(Unread())

    private init(channel: any Channel, received: Inbox<Received>) {
        self.channel = channel
        self.received = received
    }

    /// - Parameter beforeHandshake: done when the connection is there and nothing has been sent on it.
    package static func connect(
        port: Int,
        tls: TLSClient,
        receiveBuffer: SocketOptionValue? = nil,
        beforeHandshake: () async throws -> Void = {}
    ) async throws -> RawClient {
        let received = Inbox<Received>()
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
        }
        let channel =
            try await bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        try await beforeHandshake()
        try await channel.eventLoop.submit {
            let handler = try tls.makeHandler(host: "localhost")
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
        return RawClient(channel: channel, received: received)
    }

    package func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    /// Ends when the bytes have been taken by the system: a gateway that does not read holds this up.
    package func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(bytes).get()
    }

    /// Leaves without a word, as a client does whose user pressed stop.
    package func leave() async {
        try? await channel.close().get()
    }

    /// Takes nothing from the socket while false.
    package func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
        if isReading { channel.read() }
    }

    /// The next line without its end.
    package func line() async throws -> String {
        while true {
            let line = unread.withLock { unread -> String? in
                guard let end = unread.bytes.readableBytesView.firstIndex(of: 0x0a) else { return nil }
                let text = unread.bytes.readString(length: end - unread.bytes.readerIndex + 1)
                return text.map { String($0.dropLast()) }
            }
            // CR and LF are one character to Swift when they stand together.
            if let line { return line.hasSuffix("\r") ? String(line.dropLast()) : line }
            guard try await receive() else { throw GatewayClosed() }
        }
    }

    package func bytes(_ count: Int) async throws -> ByteBuffer {
        while true {
            if let slice = unread.withLock({ $0.bytes.readSlice(length: count) }) { return slice }
            guard try await receive() else { throw GatewayClosed() }
        }
    }

    /// Throws when the gateway sends anything more instead of closing.
    package func expectClose() async throws {
        while try await receive() {}
        let count = unread.withLock { $0.bytes.readableBytes }
        guard count == 0 else { throw UnexpectedBytes(count: count) }
    }

    /// Takes more from the connection; false when it is closed.
    private func receive() async throws -> Bool {
        guard unread.withLock({ !$0.isClosed }) else { return false }
        switch try await received.next() {
        case .bytes(var bytes):
            unread.withLock { _ = $0.bytes.writeBuffer(&bytes) }
            return true
        case .cut:
            unread.withLock {
                $0.isClosed = true
                $0.isCut = true
            }
            return false
        case .closed:
            unread.withLock { $0.isClosed = true }
            return false
        }
    }

    /// Waits for the end of the connection.
    ///
    /// - Returns: whether it came without TLS's farewell: then nobody may take what was received for whole.
    package func endsCut() async throws -> Bool {
        while try await receive() {}
        return unread.withLock { $0.isCut }
    }
}

/// The connection ended before what was waited for.
package struct GatewayClosed: Error {}

/// Bytes came where none may.
package struct UnexpectedBytes: Error {
    package let count: Int
}

/// Hands everything to the client's inbox.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let received: Inbox<RawClient.Received>

    init(_ received: Inbox<RawClient.Received>) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.put(.bytes(unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        received.put(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error as? TLSError == .truncated { received.put(.cut) }
        context.close(promise: nil)
    }
}
