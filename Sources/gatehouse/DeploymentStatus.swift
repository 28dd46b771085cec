import GatewayAPI
import GatewayCore
import GatewayStore
import GatewayWorkers

extension Snapshot {
    /// The instances of `tenant/endpoint/deployment` as they are now; of a native one the workers that there are.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    func instances(_ path: String, _ board: WorkerBoard, at now: Int64) -> [InstanceResource] {
        guard let deployment = deployment(path) else { return [] }
        let workers = deployment.isNative ? board.status(of: path)?.workers ?? [] : []
        return deployment.instances.compactMap { instance in
            var resource = InstanceResource(
                url: instance.url,
                isReady: deployment.isNative ? instance.isReady : instance.isReady(by: deployment.probes),
                outage: deployment.outage(of: instance, at: now),
                lastProbe: instance.lastProbe,
                inFlight: instance.load.inFlight
            )
            guard case .unix(let socket) = instance.address.transport, deployment.isNative else { return resource }
            guard let worker = workers.first(where: { $0.socket == socket }) else { return nil }
            resource.state = worker.state.word
            resource.lastEnd = worker.state == .ready ? nil : worker.lastEnd
            resource.device = worker.placement?.text
            resource.deviceReason = worker.placement?.reason
            resource.pid = worker.process.map(Int.init)
            resource.residentBytes = worker.process.flatMap(ProcessMemory.of).map { Int($0.resident) }
            return resource
        }
    }

    /// The workers of `tenant/endpoint/deployment` as a whole; `nil` where it has none.
    func pool(_ path: String, _ board: WorkerBoard) -> PoolResource? {
        guard let deployment = deployment(path), let pool = deployment.pool, let status = board.status(of: path)
        else { return nil }
        let isBusy = deployment.queue.waiting > 0 || deployment.instances.contains { $0.load.inFlight > 0 }
        let sizes = status.workers.compactMap { $0.process.flatMap(ProcessMemory.of)?.resident }
        return PoolResource(
            state: "\(pool.state)",
            instances: status.workers.count,
            wanted: status.wanted,
            idleSeconds: isBusy ? 0 : Int(clamping: (ContinuousClock.now - status.lastUse).components.seconds),
            residentBytes: Int(sizes.reduce(0, +)),
            refusal: status.refusal
        )
    }
}

extension InstanceState {
    /// Without what belongs to it.
    var word: String {
        switch self {
        case .starting: "starting"
        case .ready: "ready"
        case .draining: "draining"
        case .restarting: "restarting"
        case .stopping: "stopping"
        case .stopped: "stopped"
        }
    }
}

extension Snapshot {
    /// What is known of the instances of `tenant/endpoint/deployment`; `nil` when it is not served.
    func readiness(of path: String) -> DeploymentReadiness? {
        guard let deployment = deployment(path) else { return nil }
        // Of a native deployment the first workers are those of the settings that are served; the others are being replaced.
        let current = Array(deployment.instances.prefix(deployment.currentWorkers))
        let earlier = deployment.instances.dropFirst(current.count)
        let ready = current.count { deployment.isNative ? $0.isReady : $0.isReady(by: deployment.probes) }
        return DeploymentReadiness(
            instances: current.count,
            // One that sleeps answers as soon as it is asked.
            ready: deployment.pool?.state == .asleep ? max(1, ready) : ready,
            replaced: earlier.count(where: \.isReady),
            lastAnswer: current.compactMap(\.lastProbe).first
        )
    }
}
