import Curl
package import GatewayCore
package import GatewayProxy
import Logging
package import NIOCore
import ServiceLifecycle

/// A gateway on a port of its own, with one endpoint `demo/chat`, for the time of one test.
package struct RunningGateway: Sendable {
    /// A deployment in few words.
    package struct Serving: Sendable {
        package var name: String
        package var weight: Int
        package var urls: [String]
        package var timeout: Duration
        package var model: String?
        package var headers: [UpstreamHeader]
        package var capacity = Deployment.Capacity()
        /// `nil` = it is not probed.
        package var probes: ProbeRule?
        /// Per cent of the requests that it gets copies of.
        package var mirror = 0
        package var path: PathRewrite?
        package var removedHeaders: [String] = []
        package var version: String?
        /// Which addresses the names of its URLs may stand for.
        package var reach = Reach.everywhere
        package var capture: CaptureRule?
        /// Its upstreams are workers of the embedded pool.
        package var isNative = false

        package init(
            _ name: String,
            weight: Int = 100,
            urls: [String],
            timeout: Duration = .patience * 2,
            model: String? = nil,
            headers: [UpstreamHeader] = []
        ) {
            self.name = name
            self.weight = weight
            self.urls = urls
            self.timeout = timeout
            self.model = model
            self.headers = headers
        }
    }

    /// Who may call the endpoint, and how much.
    package struct Access: Sendable {
        package var endpoint = EndpointAccess()
        package var cors: CORSRule?
        /// Of the endpoint.
        package var rules = UsageRules.none
        package var price: Price?
        package var roles: [RoleAssignment] = []
        package var tokens = TokenAuthority.none
        /// Names of the deployments that answer in the others' place, and the statuses that move a request there.
        package var fallback: [String] = []
        package var fallbackStatuses: Set<Int> = []
        /// Another application's key, beside `RunningGateway.key`.
        package var secondKey: String?
        package var routing = RoutingDefinition.none
        package var captures = CaptureQueue()
        package var traces: TraceRule?

        package init() {}
    }

    package static let key = "a-key-of-demo-chat"

    package let port: Int
    package let workspace: Workspace
    private let proxy: ProxyService
    private let services: ServiceGroup
    private let snapshots: SnapshotBox

    /// Runs a gateway while `act` does; its graceful stop is part of every test.
    ///
    /// - Returns: the receipts of every exchange, oldest first: after the stop all are settled.
    @discardableResult
    package static func run(
        _ serving: [Serving],
        in workspace: Workspace,
        access: Access = Access(),
        threads: Int = 1,
        farewell: Duration = .milliseconds(20),
        drainLimit: Duration = .patience,
        idle: Duration = .seconds(60),
        act: (RunningGateway) async throws -> Void
    ) async throws -> [Receipt] {
        let receipts = ReceiptQueue()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let curl = CurlClient(logger: logger)
        let usage = UsageRegistry()
        let registry = InstanceRegistry()
        let snapshots = SnapshotBox(try snapshot(serving, workspace, access, usage, registry))
        let proxy = ProxyService(
            settings: .init(
                host: "127.0.0.1",
                port: 0,
                threads: threads,
                drainDelay: .milliseconds(1),
                farewell: farewell,
                drainLimit: drainLimit,
                idle: idle
            ),
            tls: try workspace.server(protocols: ["h2", "http/1.1"]),
            admission: Admission(
                snapshots: snapshots,
                receipts: receipts,
                usage: usage
            ),
            receipts: receipts,
            captures: access.captures,
            curl: curl,
            tokens: access.tokens,
            traces: access.traces,
            logger: logger
        )
        let probes = ProbeService(snapshots: snapshots, curl: curl, logger: logger)
        let isProbed = serving.contains { $0.probes != nil }
        let waiting = QueueService(instances: registry)
        let services = ServiceGroup(services: (isProbed ? [probes] : []) + [waiting, proxy], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let port = try await port(of: proxy)
            let gateway = RunningGateway(
                port: port,
                workspace: workspace,
                proxy: proxy,
                services: services,
                snapshots: snapshots
            )
            do {
                try await act(gateway)
            } catch {
                group.cancelAll()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        await curl.shutdown()
        return receipts.takeAll()
    }

    /// A compiled deployment of `demo/chat`, to see what is known of its instances.
    package func deployment(_ name: String) -> Deployment? {
        snapshots.current.tenants["demo"]?.endpoints["chat"]?.deployments.first { $0.name == name }
    }

    /// What came of the copies for its first mirror.
    package var mirrored: MirrorMeter.Counts? {
        snapshots.current.tenants["demo"]?.endpoints["chat"]?.mirror.targets.first?.meter.counts
    }

    /// Asks the gateway to stop; it does so behind the exchanges that run.
    package func beginStop() async {
        await services.triggerGracefulShutdown()
    }

    /// Asks the gateway to stop, and waits until connections are told so.
    package func beginStopAndWait() async throws {
        let client = try await connect()
        _ = try await client.exchange("GET", "/healthz", key: nil)
        await beginStop()
        while try await client.exchange("GET", "/healthz", key: nil)["connection"] != "close" {}
        try await client.expectClose()
    }

    /// How many connections of clients are open, as the gateway counts them.
    package var connections: Int { proxy.facts.connections }

    /// - Parameters:
    ///   - receiveBuffer: what the system holds for a client that does not read.
    ///   - beforeHandshake: done when the connection is there and nothing has been sent on it.
    package func connect(
        receiveBuffer: SocketOptionValue? = nil,
        beforeHandshake: () async throws -> Void = {}
    ) async throws -> RawClient {
        try await RawClient.connect(
            port: port,
            tls: try workspace.client(protocols: ["http/1.1"]),
            receiveBuffer: receiveBuffer,
            beforeHandshake: beforeHandshake
        )
    }

    /// A connection on which the test writes HTTP/2 frames itself.
    package func connectHTTP2(receiveBuffer: SocketOptionValue? = nil) async throws -> RawClient {
        try await RawClient.connect(
            port: port,
            tls: try workspace.client(protocols: ["h2"]),
            receiveBuffer: receiveBuffer
        )
    }

    private static func port(of proxy: ProxyService) async throws -> Int {
        try await wait { proxy.port != nil }
        return proxy.port ?? 0
    }

    private static func callers(_ access: Access) -> [KeyDigest: Caller] {
        var callers = [KeyDigest(of: key): Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")]
        if let second = access.secondKey {
            callers[KeyDigest(of: second)] = Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#secondary")
        }
        return callers
    }

    private static func snapshot(
        _ serving: [Serving],
        _ workspace: Workspace,
        _ access: Access,
        _ usage: UsageRegistry,
        _ registry: InstanceRegistry
    ) throws -> Snapshot {
        let deployments = try serving.map { serving in
            let instances = try serving.urls.map {
                var address = try InstanceAddress.parse($0).get()
                address.reach = serving.reach
                return registry.instance(
                    at: address,
                    of: serving.name,
                    isReady: serving.probes == nil,
                    isUsable: true
                )
            }
            return Deployment(
                name: serving.name,
                isNative: serving.isNative,
                instances: instances,
                timeout: serving.timeout,
                capacity: serving.capacity,
                upstreamModel: serving.model,
                headers: serving.headers,
                certificateAuthority: workspace.authority,
                version: serving.version,
                path: serving.path,
                removedHeaders: serving.removedHeaders,
                price: access.price,
                capture: serving.capture,
                probes: serving.probes ?? ProbeRule(),
                queue: registry.queue(for: instances)
            )
        }
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: ["gpt"],
            hosts: [],
            deployments: deployments,
            split: TrafficSplit(weights: serving.map(\.weight)),
            routing: RoutingRule(
                access.routing,
                endpoint: "demo/chat",
                deployments: deployments,
                weights: serving.map(\.weight)
            ),
            mirror: MirrorRule(
                targets: zip(serving, deployments).filter { $0.0.mirror > 0 }
                    .map { MirrorTarget($0.1, percent: $0.0.mirror) }
            ),
            access: access.endpoint,
            usage: usage.scope(.endpoint(tenant: "demo", endpoint: "chat"), access.rules),
            cors: access.cors.map { CORSPolicy($0) },
            fallback: access.fallback.isEmpty
                ? nil
                : FallbackRule(
                    chain: access.fallback.compactMap { name in deployments.first { $0.name == name } },
                    statuses: access.fallbackStatuses
                )
        )
        return Snapshot(
            domain: nil,
            tenants: [Tenant(name: "demo", endpoints: [chat], roles: access.roles)],
            keyring: Keyring(callers(access))
        )
    }
}
