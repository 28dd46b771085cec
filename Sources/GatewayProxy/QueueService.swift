package import GatewayCore
import ServiceLifecycle

/// Looks after requests that wait for a place where no other request's end does: a pause is over, an instance is back, or
/// the last one went out.
package struct QueueService: Service {
    private static let tick = Duration.milliseconds(100)

    private let instances: InstanceRegistry

    package init(instances: InstanceRegistry) {
        self.instances = instances
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for queue in instances.waitedIn { queue.review(at: .uptime) }
                try? await Task.sleep(for: Self.tick)
            }
        }
    }
}
