import Foundation
package import GatewayStore
package import Logging
import ServiceLifecycle
import Synchronization

/// Every long change, by its id: begins them, watches over those that are under way, and keeps how they ended.
///
/// The one place that knows a deployment's `provisioningState`; API, commands and the dialects ask here.
package final class Operations: Service {
    private static let interval = Duration.milliseconds(50)

    fileprivate struct State {
        var ledger = OperationLedger(bound: Store.mostOperations)
        /// When those that are under way began, by the monotonic clock.
        var began: [String: ContinuousClock.Instant] = [:]
    }

    private let store: Store
    private let readiness: @Sendable (_ deployment: String) -> DeploymentReadiness?
    private let logger: Logger
    private let state = Mutex(State())
    private let wake = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Takes up what an earlier process has left.
    package init(
        store: Store,
        readiness: @escaping @Sendable (_ deployment: String) -> DeploymentReadiness?,
        logger: Logger
    ) async throws(StoreError) {
        self.store = store
        self.readiness = readiness
        self.logger = logger
        let now = WallClock.milliseconds
        for operation in try await store.operations() { resume(operation, at: now) }
        wake.continuation.yield()
    }

    /// Makes a change and begins the operation that ends when its deployments are ready.
    ///
    /// When the change is refused there is no operation.
    package func perform<Value: Sendable>(
        _ plan: OperationPlan,
        _ change: () async throws -> Value
    ) async throws -> (value: Value, operation: ControlOperation) {
        let operation = ControlOperation(
            id: UUID().uuidString.lowercased(),
            resource: plan.resource,
            tenants: plan.tenants,
            startedAt: WallClock.milliseconds,
            state: plan.state,
            targets: plan.targets
        )
        var origin = ChangeOrigin.current
        origin.operation = operation
        let value = try await ChangeOrigin.$current.withValue(origin) { try await change() }
        return (value, try await begin(operation))
    }

    /// An operation that has failed before it changed anything.
    package func fail(_ plan: OperationPlan, code: String, message: String) async throws -> ControlOperation {
        var operation = ControlOperation(
            id: UUID().uuidString.lowercased(),
            resource: plan.resource,
            tenants: plan.tenants,
            startedAt: WallClock.milliseconds,
            state: plan.state,
            targets: plan.targets
        )
        operation.fail(code, message, after: 0)
        let gone = state.withLock { $0.ledger.put(operation) }
        try await store.save([operation], forgetting: gone)
        return operation
    }

    package func operation(_ id: String) -> ControlOperation? { state.withLock { $0.ledger[id] } }

    /// The newest first.
    package var all: [ControlOperation] { state.withLock { $0.ledger.newest } }

    /// The last change of a resource; `nil` for one that is older than the operations that are kept.
    package func latest(of resource: String) -> ControlOperation? { state.withLock { $0.ledger.latest(of: resource) } }

    /// `provisioningState` of `tenant/endpoint` or `tenant/endpoint/deployment`.
    package func provisioningState(of resource: String) -> ControlOperation.State {
        latest(of: resource)?.state(of: resource) ?? .succeeded
    }

    /// Whoever has a tenant's name next sees nothing of what was done in it before.
    package func forget(_ tenant: String) async throws(StoreError) {
        let gone = state.withLock { state in
            let gone = state.ledger.forget(tenant)
            for id in gone { state.began[id] = nil }
            return gone
        }
        try await store.save([], forgetting: gone)
    }

    /// Watches until its task is cancelled or the gateway stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in wake.stream {
                while !Task.isCancelled, state.withLock({ !$0.began.isEmpty }) {
                    await advance()
                    try? await Task.sleep(for: Self.interval)
                }
            }
        }
    }

    /// Looks at everything that is under way once.
    package func advance() async {
        let changed = state.withLock { state in
            state.advance(now: .now) { operation, elapsed in operation.advance(after: elapsed, readiness) }
        }
        guard !changed.isEmpty else { return }
        for operation in changed where operation.state.isOver {
            logger.info("operation over", metadata: ["id": "\(operation.id)", "state": "\(operation.state.rawValue)"])
        }
        do throws(StoreError) {
            try await store.save(changed)
        } catch {
            // What is told is right; only a restart would begin again where the last save was.
            logger.error("operations cannot be saved", metadata: ["reason": "\(error)"])
        }
    }

    private func begin(_ operation: ControlOperation) async throws(StoreError) -> ControlOperation {
        let (changed, gone) = state.withLock { state in state.begin(operation, now: .now, readiness) }
        try await store.save(changed, forgetting: gone)
        wake.continuation.yield()
        return changed.last ?? operation
    }

    private func resume(_ operation: ControlOperation, at now: Int64) {
        state.withLock { state in
            _ = state.ledger.put(operation)
            guard !operation.state.isOver else { return }
            let elapsed = max(0, now - operation.startedAt)
            state.began[operation.id] = .now - .milliseconds(elapsed)
        }
    }
}

extension Operations.State {
    /// - Returns: what is to be saved, the new operation last, and the ids of what is forgotten.
    fileprivate mutating func begin(
        _ operation: ControlOperation,
        now: ContinuousClock.Instant,
        _ readiness: (String) -> DeploymentReadiness?
    ) -> (changed: [ControlOperation], gone: [String]) {
        var operation = operation
        let names = operation.targets.map(\.deployment) + [operation.resource]
        var changed = advance(now: now) { other, elapsed in
            guard other.targets.contains(where: { names.contains($0.deployment) }) else { return false }
            other.superseded(by: operation.id, after: elapsed)
            return true
        }
        operation.published(after: 0)
        _ = operation.advance(after: 0, readiness)
        if !operation.state.isOver { began[operation.id] = now }
        let gone = ledger.put(operation)
        changed.append(operation)
        return (changed, gone)
    }

    /// Tells each operation that is under way what has happened.
    ///
    /// - Parameter event: whether it has changed the operation.
    /// - Returns: those that it has changed.
    fileprivate mutating func advance(
        now: ContinuousClock.Instant,
        _ event: (inout ControlOperation, _ elapsed: Int64) -> Bool
    ) -> [ControlOperation] {
        var changed: [ControlOperation] = []
        for (id, start) in began {
            guard var operation = ledger[id] else { continue }
            guard event(&operation, (now - start).milliseconds) else { continue }
            _ = ledger.put(operation)
            if operation.state.isOver { began[id] = nil }
            changed.append(operation)
        }
        return changed
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
