import GatewayCore
import GatewayWorkers
import NIOCore
import ServiceLifecycle

/// Tells the supervisor of the workers what their deployments' requests ask for.
struct PoolService: Service {
    private static let tick = Duration.milliseconds(100)

    let snapshots: SnapshotBox
    let workers: WorkerSupervisor

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var snapshot = snapshots.current
            var natives = snapshot.natives
            while !Task.isCancelled {
                if snapshots.current !== snapshot {
                    snapshot = snapshots.current
                    natives = snapshot.natives
                }
                await workers.scale(natives.mapValues(\.demand))
                try? await Task.sleep(for: Self.tick)
            }
        }
    }
}

extension Snapshot {
    /// The native deployments by their path.
    fileprivate var natives: [String: Deployment] {
        var found: [String: Deployment] = [:]
        for tenant in tenants.values {
            for endpoint in tenant.endpoints.values {
                for deployment in endpoint.deployments where deployment.isNative {
                    found["\(tenant.name)/\(endpoint.name)/\(deployment.name)"] = deployment
                }
            }
        }
        return found
    }
}

extension Deployment {
    fileprivate var demand: WorkerDemand {
        WorkerDemand(
            // In the queues of earlier settings, too.
            waiting: instances.map(\.load.waiters).max() ?? 0,
            running: instances.reduce(0) { $0 + $1.load.inFlight },
            isUsed: pool?.takeUsed() ?? false
        )
    }
}

extension InstanceRegistry {
    /// What the supervisor tells of its workers, and asks, by their sockets.
    ///
    /// - Parameter onReady: is told the socket of each worker that has begun to answer.
    func workerReports(onReady: @escaping @Sendable (_ socket: String) -> Void) -> WorkerSupervisor.Reports {
        @Sendable func address(_ socket: String) -> InstanceAddress {
            InstanceAddress(transport: .unix(path: socket))
        }
        return WorkerSupervisor.Reports(
            instance: { [self] socket, isReady in
                if isReady { onReady(socket) }
                instance(at: address(socket), isReady: false).markReady(isReady)
            },
            retired: { [self] socket in instance(at: address(socket), isReady: false).retire() },
            pool: { [self] socket, state in pool(at: address(socket)).follow(state) },
            isIdle: { [self] socket in instance(at: address(socket), isReady: false).load.inFlight == 0 }
        )
    }
}

extension WorkerPool {
    /// Takes over what the supervisor says.
    fileprivate func follow(_ state: WorkerPoolState) {
        self.state =
            switch state {
            case .starting: .starting
            case .asleep: .asleep
            case .serving: .serving
            case .failing: .failing
            }
    }
}
