import Foundation
import GatewayAPI
import GatewayStore
import Logging
import Synchronization

/// Work of the gateway's own, which itself tells how it stands: a model that is pulled.
extension Operations {
    /// - Parameter resource: what it is about, `demo/small@latest`.
    func beginWork(_ resource: String, of tenant: String) async throws -> ControlOperation {
        let operation = ControlOperation(
            id: UUID().uuidString.lowercased(),
            resource: resource,
            tenants: [tenant],
            startedAt: WallClock.milliseconds,
            state: .creating,
            targets: [],
            isWork: true
        )
        let gone = state.withLock { state in
            state.began[operation.id] = .now
            return state.ledger.put(operation, whileThere: store.servedPaths)
        }
        try await save([operation.id], forgetting: gone)
        return operation
    }

    func progress(of id: String) -> OperationProgress? { state.withLock { $0.progress[id] } }

    func setProgress(_ progress: OperationProgress, of id: String) {
        state.withLock { state in
            guard state.began[id] != nil else { return }
            state.progress[id] = progress
        }
    }

    /// Something has happened.
    func tell(_ text: String, of id: String) {
        change(id) { $0.tell(text, after: $1) }
    }

    /// - Parameters:
    ///   - failure: `nil` = it is done.
    ///   - stopper: who wanted it to end; the audit log says so, and how it did.
    func endWork(
        _ id: String,
        _ failure: ControlOperation.Failure? = nil,
        stoppedBy stopper: ChangeOrigin? = nil
    ) async {
        change(id) { operation, elapsed in
            if let failure {
                operation.fail(failure.code, failure.message, after: elapsed)
            } else {
                operation.succeed(after: elapsed)
            }
        }
        state.withLock { ($0.began[id], $0.progress[id]) = (nil, nil) }
        do throws(StoreError) {
            if let stopper, let operation = operation(id) {
                try await store.saveStopped(operation, by: stopper)
            } else {
                try await save([id])
            }
        } catch {
            logger.error("operations cannot be saved", metadata: ["reason": "\(error)"])
        }
    }

    private func change(_ id: String, _ body: (inout ControlOperation, _ elapsed: Int64) -> Void) {
        state.withLock { state in
            guard var operation = state.ledger[id], let start = state.began[id] else { return }
            body(&operation, (ContinuousClock.now - start).milliseconds)
            _ = state.ledger.put(operation) { [] }
        }
    }
}

extension ControlOperation {
    /// Work that was under way when an earlier process ended: it fails.
    ///
    /// - Returns: whether it was.
    mutating func isCut(at now: Int64) -> Bool {
        guard isWork, !state.isOver else { return false }
        let message = "the gateway was stopped in the middle; ask for it again, and it goes on where it was"
        fail("Interrupted", message, after: max(0, now - startedAt))
        return true
    }
}
