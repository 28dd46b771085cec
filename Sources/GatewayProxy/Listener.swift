import Foundation
import GatewayTLS
import NIOCore
import NIOPosix

/// The listening socket and what each event loop needs for the connections that it accepts.
struct Listener {
    /// Connections that wait to be accepted.
    private static let backlog: CInt = 4096

    let port: Int
    private let channel: any Channel
    private let resources: [NIOLoopBound<LoopResources>]

    init(
        settings: ProxyService.Settings,
        group: MultiThreadedEventLoopGroup,
        tls: TLSServer,
        resources make: @escaping @Sendable (any EventLoop) -> LoopResources
    ) async throws {
        var bound: [NIOLoopBound<LoopResources>] = []
        var byLoop: [ObjectIdentifier: NIOLoopBound<LoopResources>] = [:]
        for loop in group.makeIterator() {
            let made = try await loop.submit { NIOLoopBound(make(loop), eventLoop: loop) }.get()
            bound.append(made)
            byLoop[ObjectIdentifier(loop)] = made
        }
        resources = bound
        let resourcesByLoop = byLoop
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 << 10, high: 128 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let resources = resourcesByLoop[ObjectIdentifier(channel.eventLoop)]?.value else {
                        preconditionFailure("every loop of the group has its resources")
                    }
                    try channel.pipeline.syncOperations.addHandlers(
                        tls.makeHandler(),
                        NegotiationHandler(resources: resources)
                    )
                }
            }
        let binding =
            if let socket = settings.socket { bootstrap.withBoundSocket(socket) } else {
                bootstrap.bind(host: settings.host, port: settings.port)
            }
        channel = try await binding.get()
        // NIO listens at a socket of its own with fewer, and makes one that is handed over so.
        if let socket = settings.socket { _ = listen(socket, Self.backlog) }
        port = channel.localAddress?.port ?? settings.port
    }

    /// No connection is accepted any more.
    ///
    /// Those that were are set up first, on their loop and then on the listener's: of a listener that is closed meanwhile NIO
    /// closes them.
    func close() async {
        try? await channel.setOption(.autoRead, value: false).get()
        await onEveryLoop { _ in }
        try? await channel.eventLoop.submit {}.get()
        try? await channel.close().get()
    }

    func onEveryLoop(_ work: @escaping @Sendable (LoopResources) -> Void) async {
        for bound in resources {
            try? await bound.eventLoop.submit { work(bound.value) }.get()
        }
    }
}
