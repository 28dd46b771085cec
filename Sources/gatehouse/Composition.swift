import Curl
import Foundation
import GatewayAdmin
import GatewayCore
import GatewayProxy
import GatewayStore
import GatewayTLS
import GatewayWorkers
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Builds the running gateway out of all modules: one line per service, in start order.
///
/// They stop in reverse.
struct Composition {
    private let configuration: Configuration
    private let workerExecutable: String
    private let logger: Logger

    init(configuration: Configuration, workerExecutable: String, logger: Logger) {
        self.configuration = configuration
        self.workerExecutable = workerExecutable
        self.logger = logger
    }

    func run() async throws {
        let snapshots = SnapshotBox(.empty)
        let receipts = ReceiptQueue()
        let instances = InstanceRegistry()
        let changes = AsyncStream.makeStream(of: StoreContents.self, bufferingPolicy: .bufferingNewest(1))
        let networks = try NetworkList(configuration.allowedNetworks)
        let compiler = compiler(instances, networks)
        let store = try Store(
            path: configuration.store,
            compiler: compiler,
            snapshots: snapshots,
            logger: logger,
            onChange: { changes.continuation.yield($0) }
        )
        changes.continuation.yield(store.contents)
        let certificates = try CertificateStore(
            files: configuration.certificates + store.contents.certificates.map(\.files),
            logger: logger
        )
        let addresses = AddressRule(allowed: networks)
        // Asked of the address that was dialled, whatever the name resolved to when the deployment was made (SECURITY S-1).
        let isAddressAllowed: @Sendable (String) -> Bool = { text in
            IPAddress(text).map { addresses.refusal(of: $0, spelled: text) == nil } ?? false
        }
        let curl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
        let workers = WorkerSupervisor(
            executable: workerExecutable,
            runtimeDirectory: configuration.runtimeDirectory,
            curl: curl,
            logger: logger,
            onChange: { socket, isReady in
                instances.instance(at: InstanceAddress(transport: .unix(path: socket)), isReady: false).markReady(
                    isReady
                )
            }
        )
        let services: [any Service] = [
            ReceiptWriter(
                queue: receipts,
                store: try ReceiptStore(path: ReceiptStore.path(beside: configuration.store)),
                logger: logger,
                observe: AccessLog().write
            ),
            CertificateReloadService(store: certificates, logger: logger),
            SecretRefreshService(store: store, logger: logger),
            workers,
            ReconcileService(
                changes: changes.stream,
                compiler: compiler,
                workers: workers,
                certificates: certificates,
                configured: configuration.certificates,
                logger: logger
            ),
            try AdminService(
                host: configuration.admin.host,
                port: configuration.admin.port,
                controlPlane: ControlPlane(
                    store: store,
                    certificates: certificates,
                    publicURL: configuration.publicURL,
                    operatorToken: try OperatorToken.loadOrCreate(beside: configuration.store).text,
                    isReady: { snapshots.current.isReady($0) }
                ),
                certificates: certificates,
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: logger
            ),
            ProxyService(
                settings: proxySettings,
                tls: try TLSServer(certificates: certificates, applicationProtocols: ["h2", "http/1.1"]),
                admission: Admission(snapshots: snapshots, receipts: receipts),
                receipts: receipts,
                curl: curl,
                isAddressAllowed: isAddressAllowed,
                logger: logger
            ),
        ]
        let group = ServiceGroup(services: services, logger: logger)
        try await SignalWatch(certificates: certificates, logger: logger).run(group)
        await curl.shutdown()
    }

    private func compiler(_ instances: InstanceRegistry, _ networks: NetworkList) -> SnapshotCompiler {
        SnapshotCompiler(
            domain: configuration.domain,
            runtimeDirectory: configuration.runtimeDirectory,
            allowed: networks,
            secrets: SecretResolver(env: Set(configuration.secretVariables), files: Set(configuration.secretFiles)),
            instances: instances
        )
    }

    private var proxySettings: ProxyService.Settings {
        ProxyService.Settings(
            host: configuration.gateway.host,
            port: configuration.gateway.port,
            threads: configuration.threads ?? System.coreCount
        )
    }
}

extension Snapshot {
    /// Whether `tenant/endpoint/deployment` has an instance that can take requests now.
    func isReady(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3, let endpoint = tenants[parts[0]]?.endpoints[parts[1]] else { return false }
        return endpoint.deployments.first { $0.name == parts[2] }?.instances.contains(where: \.isReady) ?? false
    }
}

extension StoredCertificate {
    fileprivate var files: CertificateFiles { CertificateFiles(certificate: certificate, key: key, hosts: [host]) }
}
