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

    private let address: BindAddress
    private let routes: Routes
    private let tls: TLSServer
    private let eventLoopGroup: any EventLoopGroup
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
        logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(TLSError) {
        address = .hostname(host, port: port)
        routes = Routes(controlPlane: controlPlane, logger: logger)
        tls = try TLSServer(certificates: certificates, applicationProtocols: ["http/1.1"])
        self.eventLoopGroup = eventLoopGroup
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
        try await application.run()
    }
}
