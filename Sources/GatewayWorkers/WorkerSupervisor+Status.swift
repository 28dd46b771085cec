import Foundation

/// What is told of workers, and to whom.
extension WorkerSupervisor {
    /// The states of a deployment's instances by its id.
    package func states() -> [String: [InstanceState]] {
        Dictionary(grouping: running.values, by: \.supervisor.copy.specification.id)
            .mapValues { $0.sorted { $0.supervisor.copy.index < $1.supervisor.copy.index }.map(\.supervisor.state) }
    }

    /// Whether a specification has workers, in whatever state.
    package func isStaffed(_ specification: WorkerSpecification) -> Bool {
        running.keys.contains { $0.specification == specification.shape }
    }

    /// The last lines that a deployment's instances wrote, oldest first; after them why none can be started.
    package func logs(_ id: String) -> [WorkerLine] {
        let pool = pools.values.first { $0.specification.id == id && $0.isCurrent }
        let lines = (pool?.earlierLines ?? []) + instances(of: id).flatMap(\.lines)
        let refusal = pool?.refusal.map { WorkerLine(time: .now, instance: nil, text: "not started: \($0)") }
        // Lines of one time stay in their order.
        return lines.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
            + (refusal.map { [$0] } ?? [])
    }

    /// Returns when as many of the specification's instances are ready as there should be, whatever else its deployment
    /// still has.
    package func waitUntilReady(_ specification: WorkerSpecification, timeout: Duration) async throws {
        let deadline = ContinuousClock.now + timeout
        while true {
            guard let pool = pools[specification.shape] else {
                throw WorkerFailure.unknownDeployment(specification.id)
            }
            let members = copies(of: specification.shape).map(\.supervisor)
            if members.count(where: { $0.state == .ready }) >= pool.wanted { return }
            guard ContinuousClock.now < deadline else {
                throw Self.failure(specification.id, members.first { $0.state != .ready }, pool.refusal)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func publish() {
        var status: [String: PoolStatus] = [:]
        for pool in pools.values where pool.isCurrent {
            let id = pool.specification.id
            status[id] = PoolStatus(
                workers: instances(of: id).map { WorkerStatus($0, running[$0.copy]?.site) },
                leaving: stopping.filter { $0.supervisor.copy.specification.id == id }
                    .map { WorkerStatus($0.supervisor, $0.site) },
                wanted: pool.wanted,
                lastUse: pool.lastUse,
                refusal: pool.refusal?.description
            )
        }
        board.publish(status)
        board.publish(modelFiles: modelFiles)
    }

    func report(_ shape: WorkerSpecification) {
        guard let pool = pools[shape] else { return }
        let members = copies(of: shape).map(\.supervisor)
        announce(pool.state(members.map { ($0.state, $0.isHopeful) }), of: pool)
    }

    func announce(_ state: WorkerPoolState, of pool: Pool) {
        guard let socket = try? WorkerSocket.paths(of: pool.specification, in: runtimeDirectory).first else { return }
        reports.pool(socket, state)
    }

    /// Of those that leave the ones whose process is still there.
    var stopping: [Running] { leaving.values.filter { $0.supervisor.state != .stopped } }

    private func instances(of id: String) -> [InstanceSupervisor] {
        running.values.map(\.supervisor)
            .filter { $0.copy.specification.id == id }
            .sorted { $0.copy.index < $1.copy.index }
    }

    private static func failure(
        _ id: String,
        _ instance: InstanceSupervisor?,
        _ refusal: MemoryRefusal?
    ) -> WorkerFailure {
        if let refusal { return .notReady(deployment: id, reason: refusal.description) }
        let reason = instance?.lastEnd ?? "no answer on its health probe yet"
        let last = instance?.lines.last.map { WorkerWords.of($0.text) } ?? ""
        let told = last.isEmpty || reason.contains(last) ? "" : "; its last line: \(last)"
        return .notReady(deployment: id, reason: reason + told)
    }
}
