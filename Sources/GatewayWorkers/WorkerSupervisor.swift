package import Curl
import Foundation
package import Logging
import ServiceLifecycle

/// Runs the instances that are wanted and no others, until the gateway stops.
///
/// Specifications with one id and different settings may be wanted side by side: to change a deployment without a gap, want
/// both, wait until the new one is ready, then want only the new one; `WorkerSuccession` does that.
package actor WorkerSupervisor: Service {
    /// An instance and the task that keeps it running; the task ends when the instance is asked to stop.
    struct Running {
        let supervisor: InstanceSupervisor
        let task: Task<Void, Never>
        var site: WorkerSite
    }

    /// What is known of the pools, at any time.
    package nonisolated let board = WorkerBoard()
    private let executable: String
    let runtimeDirectory: String
    /// Where the engine's loadable backends are; `nil`: the program knows.
    private let backends: String?
    /// `nil`: the program has one of its own.
    private let stepLimit: Duration?
    private let grace: Duration
    private let curl: CurlClient
    let logger: Logger
    let reports: Reports
    let admission: MemoryAdmission
    /// `nil`: the program decides.
    let devices: DeviceWatch?
    let threads: ThreadShare?
    /// By the specification's shape.
    private(set) var pools: [WorkerSpecification: Pool] = [:]
    var running: [WorkerSpecification.Copy: Running] = [:]
    /// Instances that were asked to stop: they may still be finishing their streams, or are gone since the last look.
    private(set) var leaving: [WorkerSpecification.Copy: Running] = [:]
    private var isStopping = false

    package init(
        executable: String,
        runtimeDirectory: String,
        backends: String? = nil,
        stepLimit: Duration? = nil,
        grace: Duration = .seconds(30),
        curl: CurlClient,
        admission: MemoryAdmission = .unbounded,
        devices: DeviceWatch? = nil,
        threads: ThreadShare? = nil,
        logger: Logger,
        reports: Reports
    ) {
        self.executable = executable
        self.runtimeDirectory = runtimeDirectory
        self.backends = backends
        self.stepLimit = stepLimit
        self.grace = grace
        self.curl = curl
        self.admission = admission
        self.devices = devices
        self.threads = threads
        self.logger = logger
        self.reports = reports
    }

    package func run() async throws {
        devices?.ask()
        try? await gracefulShutdown()
        await stopAll()
    }

    /// Takes up what is new and stops what is no longer wanted, all or nothing; waits for neither.
    ///
    /// - Parameters:
    ///   - desired: of several with one id the first is the one that its deployment's requests go to.
    ///   - isOpening: the gateway starts: what may sleep does. Else what is new runs once, so that it is known to work.
    package func apply(_ desired: [WorkerSpecification], isOpening: Bool = false) throws {
        guard !isStopping else { throw WorkerFailure.stopped }
        for specification in desired { _ = try WorkerSocket.paths(of: specification, in: runtimeDirectory) }
        try FileManager.default.createDirectory(
            atPath: runtimeDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let before = pools
        pools = [:]
        var named: Set<String> = []
        for specification in desired where pools[specification.shape] == nil {
            var pool = before[specification.shape] ?? successor(specification, before, isOpening: isOpening)
            pool.change(specification, isCurrent: named.insert(specification.id).inserted)
            pools[specification.shape] = pool
        }
        for copy in running.keys where pools[copy.specification] == nil {
            stop(copy)
            for heir in pools.keys where heir.id == copy.specification.id { pools[heir]?.inherit(at: .now) }
        }
        for shape in order { settle(shape) }
        // Who still waits at settings that nobody runs any more goes on to those that are served.
        for (shape, pool) in before where pools[shape] == nil { announce(.failing, of: pool) }
        publish()
    }

    /// Follows what there is to do.
    ///
    /// - Parameter demand: by a deployment's id; those that are not named have none.
    package func scale(_ demand: [String: WorkerDemand], at now: ContinuousClock.Instant = .now) {
        guard !isStopping else { return }
        dropGone()
        for shape in order {
            let members = copies(of: shape)
            pools[shape]?.take(demand[shape.id] ?? WorkerDemand(), members.map(\.supervisor.state), at: now)
            endMisplaced(shape)
            endStopgap(shape)
            settle(shape, at: now)
        }
        for (copy, instance) in running where instance.supervisor.state == .draining {
            if reports.isIdle(instance.supervisor.socket) { stop(copy) }
        }
        dropGone()
        publish()
    }

    /// Has an instance of a deployment there before requests come.
    package func warm(_ id: String, at now: ContinuousClock.Instant = .now) throws {
        guard let shape = pools.first(where: { $0.key.id == id && $0.value.isCurrent })?.key else {
            throw WorkerFailure.unknownDeployment(id)
        }
        pools[shape]?.warm(at: now)
        settle(shape, at: now)
        publish()
    }

    /// Ends the worker on this socket, which hangs, and starts another in its place.
    ///
    /// - Parameter reason: a sentence.
    package func restart(socket: String, because reason: String) {
        running.values.first { $0.supervisor.socket == socket }?.supervisor.requestRestart(reason)
    }

    func copies(of shape: WorkerSpecification) -> [Running] {
        running.filter { $0.key.specification == shape }.map(\.value)
            .sorted { $0.supervisor.copy.index < $1.supervisor.copy.index }
    }
}

// MARK: - Starting and stopping

extension WorkerSupervisor {
    /// New settings begin with as many instances as the earlier ones have, so that a change under load is no less than before.
    private func successor(
        _ specification: WorkerSpecification,
        _ before: [WorkerSpecification: Pool],
        isOpening: Bool
    ) -> Pool {
        let earlier = before.values.filter { $0.specification.id == specification.id }
        var pool = Pool(specification, wanted: isOpening ? 0 : max(1, earlier.map(\.wanted).max() ?? 1))
        pool.succeed(earlier)
        return pool
    }

    /// Starts, drains and takes back until as many are there as should be.
    private func settle(_ shape: WorkerSpecification, at now: ContinuousClock.Instant = .now) {
        dropGone()
        guard let pool = pools[shape] else { return }
        var active = copies(of: shape).filter { ![.draining, .stopping, .stopped].contains($0.supervisor.state) }
        for copy in copies(of: shape) where copy.supervisor.state == .draining && active.count < pool.wanted {
            if copy.supervisor.revokeDrain() { active.append(copy) }
        }
        // First those that do not serve, then the last.
        while active.count > pool.wanted, let victim = active.lastIndex(where: { $0.supervisor.state != .ready }) {
            drain(active.remove(at: victim))
        }
        while active.count > pool.wanted { drain(active.removeLast()) }
        let taken = Set(copies(of: shape).map(\.supervisor.copy.index))
        let free = (0..<pool.specification.bounds.most).filter { !taken.contains($0) }
        guard pool.mayTry(at: now), active.count >= pool.wanted || (canPlace && isKnown(pool.specification)) else {
            return report(shape)
        }
        var obstacle: Obstacle?
        for index in free.prefix(pool.wanted - active.count) {
            let site = site(of: pool.specification)
            obstacle = self.obstacle(to: pool.specification, at: site)
            guard obstacle == nil else { break }
            start(WorkerSpecification.Copy(specification: shape, index: index), pool.specification, site)
        }
        if let obstacle { tell(obstacle, of: shape, after: pool) }
        pools[shape]?.refuse(obstacle?.refusal, wait: obstacle?.wait, at: now)
        report(shape)
    }

    private func start(_ copy: WorkerSpecification.Copy, _ specification: WorkerSpecification, _ site: WorkerSite) {
        guard let sockets = try? WorkerSocket.paths(of: specification, in: runtimeDirectory) else { return }
        let socket = sockets[copy.index]
        let process = WorkerProcess(
            executable: executable,
            arguments: copy.specification.commandLine(socket: socket) + site.arguments
                + WorkerSpecification.arguments(backends: backends, stepLimit: stepLimit),
            socket: socket,
            curl: curl,
            grace: grace,
            limits: specification.limits
        )
        let supervisor = InstanceSupervisor(copy: copy, process: process, logger: logger, onChange: reports.instance)
        // The same copy, wanted again before it was gone: both would listen on one path.
        let predecessor = leaving[copy]?.task
        // Not cancelled, but asked to stop, by `apply`, `scale` and `stopAll`, so that its streams can finish; `stopAll` waits
        // for it.
        let task = Task {
            await predecessor?.value
            await supervisor.run()
        }
        running[copy] = Running(supervisor: supervisor, task: task, site: site)
        tell(site, of: copy)
    }

    private func drain(_ instance: Running) {
        instance.supervisor.requestDrain()
        // One that had nothing to finish is on its way already.
        if instance.supervisor.state != .draining { stop(instance.supervisor.copy) }
    }

    func stop(_ copy: WorkerSpecification.Copy) {
        guard let instance = running.removeValue(forKey: copy) else { return }
        instance.supervisor.requestStop()
        reports.retired(instance.supervisor.socket)
        pools[copy.specification]?.keep(instance.supervisor.lines)
        dropLeft()
        leaving[copy] = instance
    }

    /// What one that is gone had of a GPU is free, which the list of devices does not know yet; until here it counts as one
    /// that leaves, so that nobody is placed by that list.
    private func dropGone() {
        // Whose process died while it drained.
        for (copy, instance) in running where instance.supervisor.state == .stopped { stop(copy) }
        dropLeft()
    }

    private func dropLeft() {
        let gone = leaving.filter { $0.value.supervisor.state == .stopped }
        if gone.contains(where: { !$0.value.site.placement.shares.isEmpty }) { devices?.expire() }
        for copy in gone.keys { leaving[copy] = nil }
    }

    private func stopAll() async {
        isStopping = true
        for copy in running.keys { stop(copy) }
        for instance in leaving.values { await instance.task.value }
        leaving = [:]
    }
}
