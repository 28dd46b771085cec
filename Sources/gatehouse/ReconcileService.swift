import GatewayCore
import GatewayStore
import GatewayTLS
import GatewayWorkers
import Logging
import ServiceLifecycle
import Synchronization

/// Brings what runs beside the data plane in line with the store: worker processes and certificates.
struct ReconcileService: Service {
    private static let startLimit = Duration.seconds(600)
    private static let retryDelay = Duration.seconds(5)

    let changes: AsyncStream<StoreContents>
    let compiler: SnapshotCompiler
    let workers: WorkerSupervisor
    let certificates: CertificateStore
    /// The pairs of the configuration file; the first is the default.
    let configured: [CertificateFiles]
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let wanted = Wanted()
            // Cancelled by the next change, and at the end.
            var settling: Task<Void, Never>?
            for await contents in changes {
                settling?.cancel()
                await settling?.value
                serve(contents.usableCertificates(logger))
                let desired = compiler.nativeInstances(of: contents.definitions).map(\.specification)
                settling = Task { await settle(on: desired, after: wanted) }
            }
            settling?.cancel()
        }
    }

    /// Starts what is new beside what it replaces, and ends the old when the new one answers.
    private func settle(on desired: [WorkerSpecification], after wanted: Wanted) async {
        let ids = Set(desired.map(\.id))
        let replaced = wanted.specifications.filter { ids.contains($0.id) && !desired.contains($0) }
        await want(desired + replaced, wanted)
        guard !replaced.isEmpty else { return }
        for id in Set(replaced.map(\.id)) {
            do {
                try await workers.waitUntilReady(id, timeout: Self.startLimit)
            } catch {
                guard !Task.isCancelled else { return }
                logger.error("the worker of the earlier settings goes on", metadata: ["reason": "\(error)"])
                return
            }
        }
        await want(desired, wanted)
    }

    /// Tries until the supervisor took it, or something else is wanted.
    private func want(_ specifications: [WorkerSpecification], _ wanted: Wanted) async {
        while !Task.isCancelled {
            do {
                try await workers.apply(specifications)
                wanted.specifications = specifications
                return
            } catch {
                logger.error("workers cannot be started", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
    }

    private func serve(_ added: [CertificateFiles]) {
        do {
            try certificates.replace(files: configured + added)
        } catch {
            logger.error("certificates stay as they were", metadata: ["reason": "\(error)"])
        }
    }
}

/// What the supervisor was asked for last.
private final class Wanted: Sendable {
    private let value = Mutex<[WorkerSpecification]>([])

    var specifications: [WorkerSpecification] {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}

extension NativeInstance {
    fileprivate var specification: WorkerSpecification {
        var specification = WorkerSpecification(
            id: resource,
            modelPath: modelPath,
            modelName: modelLabel
        )
        specification.socketPath = socketPath
        specification.slots = definition.slots
        specification.context = definition.context > 0 ? definition.context : nil
        specification.threads = definition.threads > 0 ? definition.threads : nil
        return specification
    }
}
