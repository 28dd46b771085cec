// GatewayAdmin owns the admin listener: who may use it, its routes, and the translation between the wire's resources and
// Core's definitions. It must not decide what a valid configuration is (the store does), and it never touches the data
// plane's sockets.

package import GatewayTLS
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle

/// The admin listener: HTTPS for operators, on its own address.
package struct AdminService: Service {
    /// Time that a silent connection is kept.
    private static let idleTimeout = TimeAmount.seconds(60)
    /// Time that requests have to end when the service stops: the next gateway starts behind it.
    package static let drainLimit = Duration.seconds(10)

    private let address: BindAddress
    private let routes: Routes
    private let tls: TLSServer
    private let eventLoopGroup: any EventLoopGroup
    private let drainLimit: Duration
    private let onRunning: @Sendable (_ port: Int) async -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - onRunning: told the port once connections are accepted.
    package init(
        host: String,
        port: Int,
        controlPlane: ControlPlane,
        certificates: CertificateStore,
        eventLoopGroup: any EventLoopGroup,
        drainLimit: Duration = Self.drainLimit,
        logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(TLSError) {
        address = .hostname(host, port: port)
        routes = Routes(controlPlane: controlPlane, logger: logger)
        tls = try TLSServer(certificates: certificates, applicationProtocols: ["http/1.1"])
        self.eventLoopGroup = eventLoopGroup
        self.drainLimit = drainLimit
        self.onRunning = onRunning
        self.logger = logger
    }

    package func run() async throws {
        let tls = tls
        let configuration = HTTP1Channel.Configuration(
            idleTimeout: Self.idleTimeout,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10,
                maxHeaderListSize: 32 << 10,
                maxHeaderFieldCount: 100
            )
        )
        let application = Application(
            responder: routes.router().buildResponder(),
            server: HTTPServerBuilder { responder in
                SecureChannel(base: HTTP1Channel(responder: responder, configuration: configuration), tls: tls)
            },
            configuration: ApplicationConfiguration(address: address),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(eventLoopGroup),
            logger: logger
        )
        try await run(application)
    }

    /// A request that does not end in time, as one whose client takes nothing, is cut.
    private func run(_ application: some ApplicationProtocol) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { [drainLimit] in
                try? await gracefulShutdown()
                try? await Task.sleep(for: drainLimit)
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
