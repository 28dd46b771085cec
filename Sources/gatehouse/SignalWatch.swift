import GatewayTLS
import Logging
import ServiceLifecycle
import UnixSignals

/// SIGTERM and SIGINT stop the gateway gracefully, a second one at once; SIGHUP reloads certificates.
struct SignalWatch {
    let certificates: CertificateStore
    let logger: Logger

    /// Runs the services until they have stopped.
    func run(_ group: ServiceGroup) async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        // Cancelled by a second signal, and awaited below.
        let running = Task { try await group.run() }
        // Cancelled below, once there is nothing left to stop.
        let watch = Task { await follow(signals, group, running) }
        defer { watch.cancel() }
        do { try await running.value } catch is CancellationError {}
    }

    private func follow(_ signals: UnixSignalsSequence, _ group: ServiceGroup, _ running: Task<Void, any Error>) async {
        var isStopping = false
        for await signal in signals {
            switch signal {
            case .sighup: certificates.reload()
            default:
                if isStopping {
                    logger.warning("stops at once: a second signal")
                    running.cancel()
                }
                isStopping = true
                await group.triggerGracefulShutdown()
            }
        }
    }
}
