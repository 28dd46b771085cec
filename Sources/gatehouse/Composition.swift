import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayProxy
import GatewayStore
import GatewayTLS
import GatewayTokens
import GatewayWorkers
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Builds the running gateway out of all modules: one line per service, in start order.
///
/// They stop in reverse.
struct Composition {
    let configuration: Configuration
    private let socket: CInt?
    let logger: Logger
    let snapshots = SnapshotBox(.empty)
    private let instances = InstanceRegistry()
    let receipts = ReceiptQueue()
    let captures = CaptureQueue()
    let traces = TraceQueue()
    let counted = ReceiptMetrics()
    private let changes = AsyncStream.makeStream(of: StoreContents.self, bufferingPolicy: .bufferingNewest(1))
    private let compiler: SnapshotCompiler
    let receiptStore: ReceiptStore
    let captureStore: CaptureStore
    private let outbox = WebhookOutbox()
    let logs = DeploymentLogs()
    let meters: UsageMeters
    let store: Store
    let webhookStore: WebhookStore
    let webhooks: WebhookService
    let trust: TokenTrust
    let certificates: CertificateStore
    private let isAddressAllowed: @Sendable (String) -> Bool
    private let curl: CurlClient
    let devices: DeviceWatch
    let workers: WorkerSupervisor
    private let kinds: PoolKinds
    let operations: Operations
    private let models: ModelFetcher
    let pulls: ModelPulls
    private let replays: ReplaySender
    let comparisons: Comparisons

    /// Opens the store and reads the certificates; nothing listens yet.
    ///
    /// - Parameter socket: of the gateway's listener, where it was handed over.
    init(configuration: Configuration, workerExecutable: String, socket: CInt?, logger: Logger) async throws {
        self.socket = socket
        self.configuration = configuration
        self.logger = logger
        let networks = try NetworkList(configuration.allowedNetworks)
        let instances = instances
        kinds = PoolKinds { instances.pool(at: $0) }
        receiptStore = try ReceiptStore(path: ReceiptStore.path(beside: configuration.store))
        captureStore = try CaptureStore(
            path: CaptureStore.path(beside: configuration.store),
            retention: configuration.captures
        )
        meters = UsageMeters(receipts: receiptStore, counted: counted, outbox: outbox, logger: logger)
        compiler = try SnapshotCompiler(configuration, instances, meters.registry)
        let changed = changes.continuation
        let onChange = ChangeRelay()
        store = try Store(
            path: configuration.store,
            compiler: compiler,
            snapshots: snapshots,
            logger: logger,
            onChange: { onChange.tell($0) }
        )
        changed.yield(store.contents)
        certificates = try CertificateStore(
            files: configuration.certificates,
            added: { [store] in store.certificates().map(\.files) },
            logger: logger
        )
        let addresses = AddressRule(allowed: networks)
        // Asked of the address that was dialled, whatever the name resolved to when the deployment was made (SECURITY S-1).
        isAddressAllowed = { text in IPAddress(text).map { addresses.refusal(of: $0, spelled: text) == nil } ?? false }
        curl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
        replays = ReplaySender(
            snapshots: snapshots,
            receipts: receipts,
            isAddressAllowed: isAddressAllowed,
            logger: logger
        )
        trust = try await TokenTrust(
            store: store,
            publicURL: configuration.publicURL,
            adminURL: "https://\(configuration.admin)",
            curl: curl,
            plainHTTP: try PlainHTTPRule(configuration.httpIssuers),
            logger: logger
        )
        operations = try await Operations(
            store: store,
            readiness: { [snapshots] path in snapshots.current.readiness(of: path) },
            logger: logger
        )
        models = ModelFetcher(
            settings: configuration.pulls,
            environment: ProcessInfo.processInfo.environment,
            isAddressAllowed: isAddressAllowed,
            logger: logger
        )
        webhookStore = try WebhookStore(path: WebhookStore.path(beside: configuration.store))
        webhooks = WebhookService(
            outbox: outbox,
            store: webhookStore,
            sources: WebhookSources(
                definitions: { [store] in store.definitions.webhooks },
                target: { [store] name throws(StoreError) in try await store.webhookTarget(name.tenant, name.name) }
            ),
            sender: WebhookSender(networks: networks, logger: logger),
            logger: logger
        )
        onChange.begin { [trust, outbox, logs] contents in
            trust.update(contents.definitions)
            logs.keep(Set(contents.definitions.deployments.map(\.path)))
            outbox.wake()
            changed.yield(contents)
        }
        let probe = DeviceProbe(executable: workerExecutable, backends: configuration.backends)
        devices = DeviceWatch(policy: configuration.devices, logger: logger) { await probe.list() }
        workers = WorkerSupervisor(
            executable: workerExecutable,
            runtimeDirectory: configuration.runtimeDirectory,
            backends: configuration.backends,
            stepLimit: configuration.stepLimit,
            curl: curl,
            admission: .ofThisMachine,
            devices: devices,
            threads: ThreadShare(cores: System.coreCount, loops: configuration.threads),
            logger: logger,
            reports: instances.workerReports { [store] in store.noteModelUse(socket: $0) }
        )
        pulls = ModelPulls(
            store: store,
            operations: operations,
            fetch: models,
            workers: workers.board,
            configuration,
            logger: logger
        )
        comparisons = Comparisons(
            captures: captureStore,
            send: { [replays] request in await replays.send(request) },
            logger: logger
        )
    }

    func run() async throws {
        let writer = receiptWriter()
        let proxy = try proxy()
        let services: [any Service] = [
            writer,
            captureExport(),
            CaptureWriter(queue: captures, store: captureStore, logger: logger),
            webhooks,
            CertificateReloadService(store: certificates, logger: logger),
            SecretRefreshService(store: store, logger: logger),
            KeyUpkeepService(store: store, trust: trust, outbox: outbox, logger: logger),
            keyExpiries(),
            certificateExpiries(),
            workers,
            reconciler(),
            probes(),
            PoolService(snapshots: snapshots, workers: workers),
            QueueService(instances: instances),
            operations,
            pulls,
            comparisons,
            try admin(beside: proxy),
            proxy,
        ]
        let group = ServiceGroup(services: traceExporters + services, logger: logger)
        try await SignalWatch(certificates: certificates, logger: logger).run(group)
        await writer.writeRest()
        await replays.shutdown()
        await models.shutdown()
        await curl.shutdown()
    }

    /// None where traces go nowhere.
    private var traceExporters: [any Service] {
        let target = TraceTarget(configuration)
        guard target.endpoint != nil else { return [] }
        return [TraceExporter(queue: traces, target: target, logger: logger)]
    }

    private var traceRule: TraceRule? {
        guard configuration.traces.endpoint != nil else { return nil }
        return TraceRule(queue: traces, sampleRate: configuration.traces.sampleRate ?? 1)
    }

    private func keyExpiries() -> ExpiryWatch {
        ExpiryWatch.keys(
            definitions: { [store] in store.definitions },
            store: webhookStore,
            outbox: outbox,
            logger: logger
        )
    }

    private func certificateExpiries() -> ExpiryWatch {
        let configured = configuration.certificates
        return ExpiryWatch.certificates(
            { [certificates] in certificates.hostCertificates(configured: configured) },
            definitions: { [store] in store.definitions },
            store: webhookStore,
            outbox: outbox,
            logger: logger
        )
    }

    private func receiptWriter() -> ReceiptWriter {
        ReceiptWriter(
            queue: receipts,
            store: receiptStore,
            logger: logger,
            observe: { [access = AccessLog(), logs, counted] receipts in
                counted.observe(receipts)
                access.write(receipts)
                logs.append(receipts)
            }
        )
    }

    /// Beside the captures' writer, and stopped behind it.
    private func captureExport() -> CaptureExportService {
        CaptureExportService(
            settings: configuration.export,
            sources: CaptureExporter.Sources(
                store: captureStore,
                tenant: { [store] name in store.definitions.tenants.first { $0.name == name } },
                rollingRate: { [snapshots, standard = configuration.export.rollingRate] path in
                    snapshots.current.deployment(path)?.capture?.rollingRate ?? standard
                }
            ),
            logger: logger
        )
    }

    private func probes() -> ProbeService {
        ProbeService(
            snapshots: snapshots,
            curl: curl,
            logger: logger,
            note: { [logs] deployment, line in logs.note(deployment, line) },
            alarm: { [outbox] alarm in outbox.emit(.instance(alarm, at: WebhookService.systemClock())) },
            restart: { [workers] socket, reason in await workers.restart(socket: socket, because: reason) }
        )
    }

    private func reconciler() -> ReconcileService {
        ReconcileService(
            changes: changes.stream,
            compiler: compiler,
            workers: workers,
            kinds: kinds,
            certificates: certificates,
            logger: logger
        )
    }

    private func proxy() throws -> ProxyService {
        ProxyService(
            settings: ProxyService.Settings(
                host: configuration.gateway.host,
                port: configuration.gateway.port,
                threads: configuration.threads ?? System.coreCount,
                socket: socket
            ),
            tls: try TLSServer(certificates: certificates, applicationProtocols: ["h2", "http/1.1"]),
            admission: Admission(
                snapshots: snapshots,
                receipts: receipts,
                usage: meters.registry,
                tokens: trust.cache
            ),
            receipts: receipts,
            captures: captures,
            curl: curl,
            isAddressAllowed: isAddressAllowed,
            tokens: trust.authority,
            traces: traceRule,
            logger: logger
        )
    }
}
