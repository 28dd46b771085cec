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
    private struct Running {
        let supervisor: InstanceSupervisor
        let task: Task<Void, Never>
    }

    private let executable: String
    private let runtimeDirectory: String
    private let grace: Duration
    private let curl: CurlClient
    private let logger: Logger
    private let onChange: @Sendable (String, Bool) -> Void
    private var running: [WorkerSpecification.Copy: Running] = [:]
    /// Instances that were asked to stop and may still be finishing their streams.
    private var leaving: [WorkerSpecification.Copy: Running] = [:]
    private var isStopping = false

    /// `onChange` is told an instance's socket path and whether it may be sent requests; it must not block.
    package init(
        executable: String,
        runtimeDirectory: String,
        grace: Duration = .seconds(30),
        curl: CurlClient,
        logger: Logger,
        onChange: @escaping @Sendable (_ socket: String, _ isReady: Bool) -> Void
    ) {
        self.executable = executable
        self.runtimeDirectory = runtimeDirectory
        self.grace = grace
        self.curl = curl
        self.logger = logger
        self.onChange = onChange
    }

    package func run() async throws {
        try? await gracefulShutdown()
        await stopAll()
    }

    /// Starts what is missing and stops what is no longer wanted, all or nothing; does not wait for either.
    package func apply(_ desired: [WorkerSpecification]) throws {
        guard !isStopping else { throw WorkerFailure.stopped }
        let wanted = Set(desired.flatMap(\.copies))
        let missing = try wanted.subtracting(running.keys)
            .sorted { $0.index < $1.index }
            .map { (copy: $0, socket: try WorkerSocket.path(of: $0, in: runtimeDirectory)) }
        try FileManager.default.createDirectory(
            atPath: runtimeDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        for copy in running.keys where !wanted.contains(copy) { stop(copy) }
        for (copy, socket) in missing { start(copy, socket) }
    }

    /// The states of a deployment's instances by its id.
    package func states() -> [String: [InstanceState]] {
        Dictionary(grouping: running.values, by: \.supervisor.copy.specification.id)
            .mapValues { $0.sorted { $0.supervisor.copy.index < $1.supervisor.copy.index }.map(\.supervisor.state) }
    }

    /// Ends the worker on this socket, which does not answer any more, and starts another in its place.
    package func restart(socket: String) {
        running.values.first { $0.supervisor.socket == socket }?.supervisor.requestRestart()
    }

    /// The last lines that each instance of a deployment wrote, oldest first.
    package func logs(_ id: String) -> [[String]] {
        instances(of: id).map(\.lines)
    }

    /// Returns when every copy of the specification is ready, whatever else its deployment still has.
    package func waitUntilReady(_ specification: WorkerSpecification, timeout: Duration) async throws {
        let deadline = ContinuousClock.now + timeout
        while true {
            let instances = specification.copies.compactMap { running[$0]?.supervisor }
            guard !instances.isEmpty else { throw WorkerFailure.unknownDeployment(specification.id) }
            guard let waiting = instances.first(where: { $0.state != .ready }) else { return }
            guard ContinuousClock.now < deadline else { throw Self.failure(waiting) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func instances(of id: String) -> [InstanceSupervisor] {
        running.values.map(\.supervisor)
            .filter { $0.copy.specification.id == id }
            .sorted { $0.copy.index < $1.copy.index }
    }

    private func start(_ copy: WorkerSpecification.Copy, _ socket: String) {
        let process = WorkerProcess(
            executable: executable,
            arguments: copy.specification.commandLine(socket: socket),
            socket: socket,
            curl: curl,
            grace: grace
        )
        let supervisor = InstanceSupervisor(copy: copy, process: process, logger: logger, onChange: onChange)
        // The same copy, wanted again before it was gone: both would listen on one path.
        let predecessor = leaving[copy]?.task
        // Not cancelled, but asked to stop, by `apply` and `stopAll`, so that its streams can finish; `stopAll` waits for it.
        let task = Task {
            await predecessor?.value
            await supervisor.run()
        }
        running[copy] = Running(supervisor: supervisor, task: task)
    }

    private func stop(_ copy: WorkerSpecification.Copy) {
        guard let instance = running.removeValue(forKey: copy) else { return }
        instance.supervisor.requestStop()
        leaving = leaving.filter { $0.value.supervisor.state != .stopped }
        leaving[copy] = instance
    }

    private func stopAll() async {
        isStopping = true
        for copy in running.keys { stop(copy) }
        for instance in leaving.values { await instance.task.value }
        leaving = [:]
    }

    private static func failure(_ instance: InstanceSupervisor) -> WorkerFailure {
        let reason = instance.lastEnd ?? "no answer on its health probe yet"
        let last = instance.lines.last.map { "; its last line: \($0)" } ?? ""
        return .notReady(deployment: instance.copy.specification.id, reason: reason + last)
    }
}
