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
    private let logger: Logger
    private let snapshots = SnapshotBox(.empty)
    private let receipts = ReceiptQueue()
    private let changes = AsyncStream.makeStream(of: StoreContents.self, bufferingPolicy: .bufferingNewest(1))
    private let compiler: SnapshotCompiler
    private let store: Store
    private let certificates: CertificateStore
    private let isAddressAllowed: @Sendable (String) -> Bool
    private let curl: CurlClient
    private let workers: WorkerSupervisor

    /// Opens the store and reads the certificates; nothing listens yet.
    init(configuration: Configuration, workerExecutable: String, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let networks = try NetworkList(configuration.allowedNetworks)
        let instances = InstanceRegistry()
        compiler = SnapshotCompiler(configuration, networks, instances)
        let changed = changes.continuation
        store = try Store(
            path: configuration.store,
            compiler: compiler,
            snapshots: snapshots,
            logger: logger,
            onChange: { changed.yield($0) }
        )
        changed.yield(store.contents)
        certificates = try CertificateStore(
            files: configuration.certificates + store.contents.usableCertificates(logger),
            logger: logger
        )
        let addresses = AddressRule(allowed: networks)
        // Asked of the address that was dialled, whatever the name resolved to when the deployment was made (SECURITY S-1).
        isAddressAllowed = { text in IPAddress(text).map { addresses.refusal(of: $0, spelled: text) == nil } ?? false }
        curl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
        workers = WorkerSupervisor(
            executable: workerExecutable,
            runtimeDirectory: configuration.runtimeDirectory,
            curl: curl,
            logger: logger,
            onChange: { socket, isReady in
                let address = InstanceAddress(transport: .unix(path: socket))
                instances.instance(at: address, isReady: false).markReady(isReady)
            }
        )
    }

    func run() async throws {
        let services: [any Service] = [
            try receiptWriter(),
            CertificateReloadService(store: certificates, logger: logger),
            SecretRefreshService(store: store, logger: logger),
            workers,
            reconciler(),
            try admin(),
            try proxy(),
        ]
        let group = ServiceGroup(services: services, logger: logger)
        try await SignalWatch(certificates: certificates, logger: logger).run(group)
        await curl.shutdown()
    }

    private func receiptWriter() throws -> ReceiptWriter {
        ReceiptWriter(
            queue: receipts,
            store: try ReceiptStore(path: ReceiptStore.path(beside: configuration.store)),
            logger: logger,
            observe: AccessLog().write
        )
    }

    private func reconciler() -> ReconcileService {
        ReconcileService(
            changes: changes.stream,
            compiler: compiler,
            workers: workers,
            certificates: certificates,
            configured: configuration.certificates,
            logger: logger
        )
    }

    private func admin() throws -> AdminService {
        let snapshots = snapshots
        return try AdminService(
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
        )
    }

    private func proxy() throws -> ProxyService {
        ProxyService(
            settings: ProxyService.Settings(
                host: configuration.gateway.host,
                port: configuration.gateway.port,
                threads: configuration.threads ?? System.coreCount
            ),
            tls: try TLSServer(certificates: certificates, applicationProtocols: ["h2", "http/1.1"]),
            admission: Admission(snapshots: snapshots, receipts: receipts),
            receipts: receipts,
            curl: curl,
            isAddressAllowed: isAddressAllowed,
            logger: logger
        )
    }
}

extension SnapshotCompiler {
    /// The compiler that this configuration asks for.
    init(_ configuration: Configuration, _ networks: NetworkList, _ instances: InstanceRegistry) {
        self.init(
            domain: configuration.domain,
            runtimeDirectory: configuration.runtimeDirectory,
            allowed: networks,
            secrets: SecretResolver(env: Set(configuration.secretVariables), files: Set(configuration.secretFiles)),
            instances: instances
        )
    }
}

extension StoreContents {
    /// The stored pairs that can be served now; one whose file is gone or broken is named in the log and left out.
    func usableCertificates(_ logger: Logger) -> [CertificateFiles] {
        certificates.compactMap { stored in
            let files = CertificateFiles(certificate: stored.certificate, key: stored.key, hosts: [stored.host])
            do throws(TLSError) {
                _ = try CertificateStore.check(files)
                return files
            } catch {
                logger.error("a certificate is not served", metadata: ["host": "\(stored.host)", "reason": "\(error)"])
                return nil
            }
        }
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
