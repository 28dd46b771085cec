import GatewayTLS
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on a port or a socket file that answers every request as its script says.
package final class FakeUpstream: Sendable {
    /// How the gateway reaches an upstream.
    package enum Transport: String, Sendable, CaseIterable {
        case http
        case unix
        case https
    }

    package typealias Script = @Sendable (Visit) async throws -> Void

    /// What was counted so far.
    struct Counts {
        var connections = 0
        var visits: [Visit] = []
    }

    /// Where the gateway finds it.
    package let url: String
    /// 0 on a socket file.
    package let port: Int
    /// Every request, as it comes.
    package let arrivals = Inbox<Visit>()
    let counts = Mutex(Counts())
    private let script: Script
    private let channel = Mutex<(any Channel)?>(nil)

    private init(url: String, port: Int, script: @escaping Script) {
        self.url = url
        self.port = port
        self.script = script
    }

    package var visits: [Visit] { counts.withLock { $0.visits } }
    package var connections: Int { counts.withLock { $0.connections } }

    /// - Parameters:
    ///   - port: of one that was stopped, to take its place; 0 lets the system choose.
    ///   - protocols: what it offers over TLS; it speaks HTTP/1.1 alone.
    package static func start(
        _ transport: Transport,
        in workspace: Workspace,
        number: Int = 0,
        port: Int = 0,
        protocols: [String] = ["http/1.1"],
        script: @escaping Script
    ) async throws -> FakeUpstream {
        let tls = transport == .https ? try workspace.server(protocols: protocols) : nil
        let owner = Owner()
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withPipeliningAssistance: false,
                        withErrorHandling: false
                    )
                    try channel.pipeline.syncOperations.addHandler(VisitHandler(owner: owner))
                }
            }
        let path = "\(workspace.directory)/up\(number).sock"
        let bound: any Channel =
            switch transport {
            case .unix: try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            case .http, .https: try await bootstrap.bind(host: "127.0.0.1", port: port).get()
            }
        let url =
            transport == .unix ? "unix:\(path)" : "\(transport.rawValue)://127.0.0.1:\(bound.localAddress?.port ?? 0)"
        let upstream = FakeUpstream(url: url, port: bound.localAddress?.port ?? 0, script: script)
        upstream.channel.withLock { $0 = bound }
        owner.upstream.withLock { $0 = upstream }
        return upstream
    }

    /// Nobody can connect any more; what runs goes on.
    package func stop() async throws {
        let open = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        try await open?.close().get()
    }

    fileprivate func visited(_ visit: Visit) {
        counts.withLock { $0.visits.append(visit) }
        arrivals.put(visit)
        Task {
            // Ends with its connection: every wait in it has a bound and every write fails then.
            try? await script(visit)
        }
    }

    fileprivate func nextNumber() -> Int { counts.withLock { $0.visits.count + 1 } }
    fileprivate func connected() { counts.withLock { $0.connections += 1 } }
}

/// The handlers' way to their upstream, which is known once its port is.
private final class Owner: Sendable {
    let upstream = Mutex<FakeUpstream?>(nil)
    var current: FakeUpstream? { upstream.withLock { $0 } }
}

/// Turns the parts of requests into visits and the parts of their answers into HTTP.
private final class VisitHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Visit.Part
    typealias OutboundOut = HTTPServerResponsePart

    private let owner: Owner
    private var visit: Visit?

    init(owner: Owner) {
        self.owner = owner
    }

    func channelActive(context: ChannelHandlerContext) {
        owner.current?.connected()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard let upstream = owner.current else { return }
            let visit = Visit(
                head,
                number: upstream.nextNumber(),
                isFirstOnConnection: visit == nil,
                channel: context.channel
            )
            self.visit = visit
            upstream.visited(visit)
        case .body(let bytes): visit?.pieces.put(.bytes(bytes))
        case .end(let trailers): visit?.pieces.put(.end(trailers))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        visit?.pieces.put(.gone)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .bytes(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
