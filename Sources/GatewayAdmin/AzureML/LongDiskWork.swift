import NIOPosix
import Synchronization

/// Runs what reads or writes whole files, on threads of its own: those of short work are never all taken by it.
///
/// A tenant has a part of the threads, and waits for one of them; the order is that of asking.
final class LongDiskWork: Sendable {
    static let shared = LongDiskWork()

    private static let threads = 4
    fileprivate static let perTenant = 2
    fileprivate static let mostWaiting = 16

    fileprivate struct State {
        var running: [String: Int] = [:]
        /// Told true when it is their turn.
        var waiting: [String: [CheckedContinuation<Bool, Never>]] = [:]
    }

    private let pool = NIOThreadPool(numberOfThreads: threads)
    private let state = Mutex(State())

    /// The threads live as long as the process.
    private init() { pool.start() }

    func run<Value: Sendable>(
        for tenant: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let isMyTurn = await withCheckedContinuation { turn in
            if let answer = state.withLock({ $0.enter(tenant, turn) }) { turn.resume(returning: answer) }
        }
        guard isMyTurn else {
            throw APIError(
                .tooManyRequests(10),
                "\(tenant) has \(Self.mostWaiting) large files waiting; ask again later"
            )
        }
        defer { state.withLock { $0.leave(tenant) }?.resume(returning: true) }
        return try await pool.runIfActive(body)
    }
}

extension LongDiskWork.State {
    /// - Returns: whether it may run; `nil` when it is told later.
    fileprivate mutating func enter(_ tenant: String, _ turn: CheckedContinuation<Bool, Never>) -> Bool? {
        let count = running[tenant] ?? 0
        if count < LongDiskWork.perTenant {
            running[tenant] = count + 1
            return true
        }
        guard waiting[tenant, default: []].count < LongDiskWork.mostWaiting else { return false }
        waiting[tenant, default: []].append(turn)
        return nil
    }

    /// - Returns: who takes the place.
    fileprivate mutating func leave(_ tenant: String) -> CheckedContinuation<Bool, Never>? {
        if var queue = waiting[tenant], !queue.isEmpty {
            let next = queue.removeFirst()
            waiting[tenant] = queue.isEmpty ? nil : queue
            return next
        }
        let left = (running[tenant] ?? 1) - 1
        running[tenant] = left == 0 ? nil : left
        return nil
    }
}
