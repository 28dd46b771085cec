package import GatewayCore
import ServiceLifecycle

/// Looks after requests that wait for a place where no other request's end does: a pause is over, an instance is back, or
/// the last one went out.
package struct QueueService: Service {
    private static let tick = Duration.milliseconds(100)

    private let snapshots: SnapshotBox

    package init(snapshots: SnapshotBox) {
        self.snapshots = snapshots
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var snapshot = snapshots.current
            var queues = snapshot.queues
            while !Task.isCancelled {
                if snapshots.current !== snapshot {
                    snapshot = snapshots.current
                    let left = queues.filter { !$0.isEmpty }
                    queues = snapshot.queues
                    // Who waits in the queue of earlier settings is looked after until nobody does.
                    queues += left.filter { old in !queues.contains { $0 === old } }
                }
                for queue in queues { queue.review(at: .uptime) }
                try? await Task.sleep(for: Self.tick)
            }
        }
    }
}

extension Snapshot {
    /// Where requests may wait, each once.
    fileprivate var queues: [CapacityQueue] {
        var found: [ObjectIdentifier: CapacityQueue] = [:]
        for tenant in tenants.values {
            for endpoint in tenant.endpoints.values {
                for deployment in endpoint.deployments { found[ObjectIdentifier(deployment.queue)] = deployment.queue }
            }
        }
        return Array(found.values)
    }
}
