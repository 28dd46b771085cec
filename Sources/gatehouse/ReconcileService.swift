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
            for await contents in changes {
                do {
                    try await workers.apply(compiler.nativeInstances(of: contents.definitions).map(\.specification))
                } catch {
                    logger.error("workers cannot be started", metadata: ["reason": "\(error)"])
                }
                serve(contents.certificates)
            }
        }
    }

    private func serve(_ stored: [StoredCertificate]) {
        let added = stored.map { CertificateFiles(certificate: $0.certificate, key: $0.key, hosts: [$0.host]) }
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
