// GatewayProxy owns every byte and every socket on the request path. What is decided about a request is decided in
// GatewayCore; what it is decided from comes as a snapshot, what came of it leaves as a receipt. It must not know the store.

package import Curl
package import GatewayCore
package import GatewayTLS
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The data plane: accepts clients, runs their exchanges, and stops without losing one.
package final class ProxyService: Service {
    /// What is fixed at the start.
    package struct Settings: Sendable {
        package var host: String
        package var port: Int
        package var threads: Int
        /// How long new connections are still accepted after readiness is gone (SECURITY R-1).
        package var drainDelay: Duration
        /// How long a connection without a request is kept after that, for one that is on its way.
        package var farewell: Duration
        /// How long running streams may go on.
        package var drainLimit: Duration
        /// How long a connection without a request is kept otherwise.
        package var idle: Duration
        /// A socket that listens already, in place of one at `host` and `port`.
        package var socket: CInt?

        package init(
            host: String,
            port: Int,
            threads: Int,
            drainDelay: Duration = .seconds(5),
            farewell: Duration = .seconds(1),
            drainLimit: Duration = .seconds(600),
            idle: Duration = .seconds(60),
            socket: CInt? = nil
        ) {
            self.host = host
            self.port = port
            self.threads = threads
            self.drainDelay = drainDelay
            self.farewell = farewell
            self.drainLimit = drainLimit
            self.idle = idle
            self.socket = socket
        }
    }

    private let settings: Settings
    private let tls: TLSServer
    private let admission: Admission
    private let receipts: ReceiptQueue
    private let captures: CaptureQueue
    private let curl: CurlClient
    private let mirrorCurl: CurlClient
    private let mirrorBudget = MirrorBudget()
    private let isAddressAllowed: @Sendable (String) -> Bool
    private let tokens: TokenAuthority
    private let traces: TraceRule?
    private let failures = FailureMeter()
    private let logger: Logger
    private let lifecycle: Lifecycle
    private let group: MultiThreadedEventLoopGroup
    private let boundPort = Mutex<Int?>(nil)
    /// Of each event loop.
    private let lags: [LoopLag]

    /// - Parameters:
    ///   - isAddressAllowed: asked with each numeric address of an upstream before it is dialled.
    ///   - traces: left out, none are told of.
    package init(
        settings: Settings,
        tls: TLSServer,
        admission: Admission,
        receipts: ReceiptQueue,
        captures: CaptureQueue = CaptureQueue(),
        curl: CurlClient,
        isAddressAllowed: @escaping @Sendable (String) -> Bool = { _ in true },
        tokens: TokenAuthority = .none,
        traces: TraceRule? = nil,
        logger: Logger
    ) {
        self.settings = settings
        lifecycle = Lifecycle(idle: TimeAmount(settings.idle), farewell: TimeAmount(settings.farewell))
        self.tls = tls
        self.admission = admission
        self.receipts = receipts
        self.captures = captures
        self.curl = curl
        mirrorCurl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
        self.isAddressAllowed = isAddressAllowed
        self.tokens = tokens
        self.traces = traces
        self.logger = logger
        lags = (0..<settings.threads).map { _ in LoopLag() }
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
    }

    /// The port that is listened on, once it is; tests ask for port 0.
    package var port: Int? { boundPort.withLock { $0 } }

    /// How it is now, and what came of handshakes since the start.
    package var facts: ProxyFacts {
        ProxyFacts(
            exchanges: lifecycle.exchanges,
            connections: lifecycle.connections,
            handshakes: tls.handshakes,
            lags: lags.map(\.histogram)
        )
    }

    package func run() async throws {
        let listener = try await Listener(
            settings: settings,
            group: group,
            tls: tls
        ) { [self] loop in
            LoopResources(
                admission: admission,
                receipts: receipts,
                captures: captures,
                curl: curl,
                pool: UpstreamPool(on: loop, isAddressAllowed: isAddressAllowed),
                mirrors: MirrorCalls(
                    loop: loop,
                    curl: mirrorCurl,
                    receipts: receipts,
                    captures: captures,
                    budget: mirrorBudget
                ),
                lifecycle: lifecycle,
                tokens: tokens,
                failures: failures,
                traces: traces
            )
        }
        boundPort.withLock { $0 = listener.port }
        for (lag, loop) in zip(lags, group.makeIterator()) { lag.watch(loop) }
        logger.info("gateway listens", metadata: ["host": "\(settings.host)", "port": "\(listener.port)"])
        try? await gracefulShutdown()
        await stop(listener)
        await mirrorCurl.shutdown()
        try await group.shutdownGracefully()
    }

    /// Readiness goes first; connections are accepted until load balancers have seen that; then each closes behind the
    /// first answer that says so, or when no request comes within the farewell; what runs beyond the limit is cut.
    private func stop(_ listener: Listener) async {
        lifecycle.stopBeingReady()
        logger.info("gateway stops", metadata: ["exchanges": "\(lifecycle.exchanges)"])
        await pause(settings.drainDelay)
        await listener.close()
        lifecycle.startDraining()
        await listener.onEveryLoop { $0.drain() }
        let end = ContinuousClock.now + settings.drainLimit
        while lifecycle.exchanges + lifecycle.connections > 0, ContinuousClock.now < end, !Task.isCancelled {
            await pause(.milliseconds(20))
        }
        if lifecycle.exchanges > 0 {
            logger.warning("exchanges are cut", metadata: ["exchanges": "\(lifecycle.exchanges)"])
        }
        // The pair of a mirrored call is of use only whole.
        let farewell = min(end, .now + Limits.mirrorFarewell)
        while mirrorBudget.calls > 0, ContinuousClock.now < farewell, !Task.isCancelled {
            await pause(.milliseconds(20))
        }
        await listener.onEveryLoop { $0.closeAll() }
        let settled = ContinuousClock.now + .seconds(1)
        // A second signal has cancelled this task: nothing would wait for it.
        while lifecycle.exchanges > 0, ContinuousClock.now < settled {
            try? await group.any().scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
    }

    private func pause(_ duration: Duration) async {
        try? await Task.sleep(for: duration)
    }
}
