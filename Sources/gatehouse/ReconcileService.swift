import GatewayCore
import GatewayStore
import GatewayTLS
import GatewayWorkers
import Logging
import ServiceLifecycle

/// Brings what runs beside the data plane in line with the store: worker processes and certificates.
struct ReconcileService: Service {
    let changes: AsyncStream<StoreContents>
    let compiler: SnapshotCompiler
    let workers: WorkerSupervisor
    let certificates: CertificateStore
    /// The pairs of the configuration file; the first is the default.
    let configured: [CertificateFiles]
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let succession = WorkerSuccession(workers, logger: logger)
            // Cancelled by the next change, and at the end.
            var settling: Task<Void, Never>?
            for await contents in changes {
                settling?.cancel()
                await settling?.value
                serve(contents.usableCertificates(logger))
                let desired = compiler.nativeInstances(of: contents.definitions).map(\.specification)
                settling = Task { await succession.settle(on: desired) }
            }
            settling?.cancel()
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
