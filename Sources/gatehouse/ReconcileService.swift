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
    let kinds: PoolKinds
    let certificates: CertificateStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let succession = WorkerSuccession(workers, logger: logger)
            // Cancelled by the next change, and at the end.
            var settling: Task<Void, Never>?
            var served: [StoredCertificate]?
            for await contents in changes {
                settling?.cancel()
                await settling?.value
                if contents.certificates != served { certificates.reload() }
                served = contents.certificates
                let natives = compiler.nativeInstances(of: contents.definitions)
                let desired = natives.map(\.specification)
                // A disk that does not answer holds up no worker.
                Task { await kinds.tell(natives) }
                let isOpening = settling == nil
                settling = Task { await succession.settle(on: desired, isOpening: isOpening) }
            }
            settling?.cancel()
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
        specification.socketPaths = socketPaths
        let scale = definition.scale
        specification.scale(
            scale.least...max(scale.least, scale.most),
            target: scale.targetRequests ?? concurrency,
            idle: .seconds(scale.idleSeconds)
        )
        specification.limits = WorkerLimits(
            start: .seconds(definition.startSeconds),
            memory: definition.memoryMegabytes.map { Int64($0) << 20 }
        )
        specification.slots = definition.slots
        specification.context = definition.context > 0 ? definition.context : nil
        specification.threads = definition.threads > 0 ? definition.threads : nil
        return specification
    }
}
