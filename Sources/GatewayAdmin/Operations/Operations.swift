import Foundation
import GatewayAPI
package import GatewayStore
package import Logging
import ServiceLifecycle
import Synchronization

/// Every long change, by its id: begins them, watches over those that are under way, and keeps how they ended.
///
/// The one place that knows a deployment's `provisioningState`; API, commands and the dialects ask here.
package final class Operations: Service {
    private static let interval = Duration.milliseconds(50)

    struct State {
        var ledger = OperationLedger(bound: Store.mostOperations)
        /// When those that are under way began, by the monotonic clock.
        var began: [String: ContinuousClock.Instant] = [:]
        /// How far work of the gateway's own has come.
        var progress: [String: OperationProgress] = [:]
    }

    let store: Store
    private let readiness: @Sendable (_ deployment: String) -> DeploymentReadiness?
    let logger: Logger
    let state = Mutex(State())
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
        var gone: [String] = []
        var ended: [ControlOperation] = []
        for var operation in try await store.operations() {
            if operation.isCut(at: now) { ended.append(operation) }
            gone += resume(operation, at: now)
        }
        if !ended.isEmpty { try await store.save { [ended] in ended } }
        if !gone.isEmpty { try await store.save(forgetting: gone) { [] } }
        wake.continuation.yield()
    }

    /// Makes a change and begins the operation that ends when its deployments are ready.
    ///
    /// When the change is refused there is no operation. It begins with the change, so that of two changes the later one's
    /// takes the place of the earlier one's. A change that changes nothing has the one that is under way.
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
        let beginning = Beginning()
        var origin = ChangeOrigin.current
        origin.operation = operation
        origin.served = { [self] in
            beginning.once {
                state.withLock { $0.begin(operation, now: .now, readiness, whileThere: store.servedPaths) }
            }
        }
        let value: Value
        do {
            value = try await ChangeOrigin.$current.withValue(origin) { try await change() }
        } catch {
            // Of several changes a later one failed; the first is served all the same.
            if let begun = beginning.outcome { _ = try await save(begun) }
            throw error
        }
        let begun =
            beginning.outcome
            ?? state.withLock { $0.repeated(operation, now: .now, readiness, whileThere: store.servedPaths) }
        return (value, try await save(begun))
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
        let gone = state.withLock { $0.ledger.put(operation, whileThere: store.servedPaths) }
        try await store.save(forgetting: gone) { [operation] in [operation] }
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
            for id in gone { (state.began[id], state.progress[id]) = (nil, nil) }
            return gone
        }
        try await store.save(forgetting: gone) { [] }
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
            state.advance(now: .now) { operation, elapsed, own in
                operation.advance(after: elapsed, readiness, own: own)
            }
        }
        guard !changed.isEmpty else { return }
        for operation in changed where operation.state.isOver {
            logger.info("operation over", metadata: ["id": "\(operation.id)", "state": "\(operation.state.rawValue)"])
        }
        do throws(StoreError) {
            try await save(changed.map(\.id))
        } catch {
            // What is told is right; only a restart would begin again where the last save was.
            logger.error("operations cannot be saved", metadata: ["reason": "\(error)"])
        }
    }

    private func save(_ begun: Begun) async throws(StoreError) -> ControlOperation {
        wake.continuation.yield()
        try await save(begun.changed + [begun.operation.id], forgetting: begun.gone)
        return begun.operation
    }

    func save(_ ids: [String], forgetting gone: [String] = []) async throws(StoreError) {
        try await store.save(forgetting: gone) { [self] in
            state.withLock { state in ids.compactMap { state.ledger[$0] } }
        }
    }

    /// - Returns: what is forgotten.
    private func resume(_ operation: ControlOperation, at now: Int64) -> [String] {
        state.withLock { state in
            let gone = state.ledger.put(operation, whileThere: store.servedPaths)
            guard !operation.state.isOver else { return gone }
            let elapsed = max(0, now - operation.startedAt)
            state.began[operation.id] = .now - .milliseconds(elapsed)
            return gone
        }
    }
}

/// An operation that has begun, and what is to be saved besides.
private struct Begun {
    let operation: ControlOperation
    /// Ids of the others whose place it took.
    var changed: [String] = []
    /// Ids of what was forgotten.
    var gone: [String] = []
}

/// Remembers that an operation has begun: a request may make several changes, and the first begins it.
private final class Beginning: Sendable {
    private let begun = Mutex<Begun?>(nil)

    var outcome: Begun? { begun.withLock { $0 } }

    func once(_ begin: () -> Begun) {
        begun.withLock { begun in
            if begun == nil { begun = begin() }
        }
    }
}

extension Operations.State {
    fileprivate mutating func begin(
        _ operation: ControlOperation,
        now: ContinuousClock.Instant,
        _ readiness: (String) -> DeploymentReadiness?,
        whileThere resources: () -> Set<String>
    ) -> Begun {
        let changed = advance(now: now) { other, elapsed, _ in
            guard operation.takesPlace(of: other) else { return false }
            other.superseded(by: operation.id, after: elapsed)
            return true
        }
        var begun = watch(operation, now: now, readiness, whileThere: resources)
        begun.changed = changed.map(\.id)
        return begun
    }

    /// Nothing was changed: the operation of the resource that is under way goes on; else the new one looks whether its
    /// deployments are ready, and takes no other's place.
    fileprivate mutating func repeated(
        _ operation: ControlOperation,
        now: ContinuousClock.Instant,
        _ readiness: (String) -> DeploymentReadiness?,
        whileThere resources: () -> Set<String>
    ) -> Begun {
        if let current = ledger.latest(of: operation.resource), !current.state.isOver, current.covers(operation) {
            return Begun(operation: current)
        }
        return watch(operation, now: now, readiness, whileThere: resources)
    }

    private mutating func watch(
        _ operation: ControlOperation,
        now: ContinuousClock.Instant,
        _ readiness: (String) -> DeploymentReadiness?,
        whileThere resources: () -> Set<String>
    ) -> Begun {
        var operation = operation
        operation.published(after: 0)
        _ = operation.advance(after: 0, readiness, own: ledger.latest)
        if !operation.state.isOver { began[operation.id] = now }
        let gone = ledger.put(operation, whileThere: resources)
        return Begun(operation: operation, gone: gone)
    }

    /// Tells each operation that is under way what has happened.
    ///
    /// - Parameter event: whether it has changed the operation.
    /// - Returns: those that it has changed.
    fileprivate mutating func advance(
        now: ContinuousClock.Instant,
        _ event: (inout ControlOperation, _ elapsed: Int64, _ own: (String) -> ControlOperation?) -> Bool
    ) -> [ControlOperation] {
        var changed: [ControlOperation] = []
        for (id, start) in began {
            guard var operation = ledger[id] else { continue }
            guard event(&operation, (now - start).milliseconds, ledger.latest) else { continue }
            // It is there already: nothing makes room.
            _ = ledger.put(operation) { [] }
            if operation.state.isOver { began[id] = nil }
            changed.append(operation)
        }
        return changed
    }
}

extension ControlOperation {
    /// Whether it does what the other is to do, and is seen by the same operators.
    fileprivate func covers(_ other: ControlOperation) -> Bool {
        guard tenants == other.tenants else { return false }
        if targets.contains(where: { $0.deployment == other.resource }) { return true }
        // An apply is about its deployments, and begins anew.
        let names = Set(targets.map(\.deployment))
        return resource == other.resource && other.targets.allSatisfy { $0.isAwaited && names.contains($0.deployment) }
    }

    /// Whether it changes what the other, which is under way, has changed; one that only waits for a deployment goes on.
    fileprivate func takesPlace(of other: ControlOperation) -> Bool {
        if other.targets.contains(where: \.isAwaited), other.resource == resource { return true }
        return other.targets.contains { !$0.isAwaited && resources.contains($0.deployment) }
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
