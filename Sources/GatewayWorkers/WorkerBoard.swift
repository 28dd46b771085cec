import Synchronization

/// One worker, as people are shown it.
package struct WorkerStatus: Sendable, Equatable {
    package var socket: String
    package var state: InstanceState
    /// The process that runs, if one does.
    package var process: Int32?
    /// How the last process ended, if one did.
    package var lastEnd: String?
    /// Which of the deployment's it is, from 0.
    package var index = 0
    /// Where it is; `nil` where the worker program decides.
    package var placement: Placement?
}

extension WorkerStatus {
    init(_ instance: InstanceSupervisor, _ site: WorkerSite?) {
        self.init(
            socket: instance.socket,
            state: instance.state,
            process: instance.processID,
            lastEnd: instance.lastEnd,
            index: instance.copy.index,
            placement: site.flatMap { $0 == .unknown ? nil : $0.placement }
        )
    }
}

/// The workers of one deployment, as people are shown them.
package struct PoolStatus: Sendable, Equatable {
    package var workers: [WorkerStatus]
    /// Those that were asked to stop and still have a process.
    package var leaving: [WorkerStatus]
    /// How many there should be.
    package var wanted: Int
    /// When a request last ran or waited, or somebody warmed it.
    package var lastUse: ContinuousClock.Instant
    /// Why another is not started, as a sentence.
    package var refusal: String?
}

/// What is known of all pools, for whoever cannot wait for their supervisor; as old as its last look.
package final class WorkerBoard: Sendable {
    private let pools = Mutex<[String: PoolStatus]>([:])
    private let files = Mutex<Set<String>>([])

    /// By a deployment's id; `nil` for one that has none.
    package func status(of id: String) -> PoolStatus? { pools.withLock { $0[id] } }

    /// Of all deployments, by their ids.
    package var all: [String: PoolStatus] { pools.withLock { $0 } }

    /// Paths of the models that workers have open, or may open again: those of earlier settings and those that leave too.
    package var modelFiles: Set<String> { files.withLock { $0 } }

    func publish(_ status: [String: PoolStatus]) { pools.withLock { $0 = status } }

    func publish(modelFiles: Set<String>) { files.withLock { $0 = modelFiles } }
}

extension WorkerSupervisor {
    /// Of all workers that are there, and of settings that are still replaced, whose workers may be started again.
    var modelFiles: Set<String> {
        let shapes =
            Array(pools.keys) + running.keys.map(\.specification) + stopping.map(\.supervisor.copy.specification)
        return Set(shapes.map(\.modelPath))
    }
}
