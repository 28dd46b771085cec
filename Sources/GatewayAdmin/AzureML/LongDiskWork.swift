import GatewayStore
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

    fileprivate enum Turn {
        case mine
        case tooManyWait
        case cancelled
    }

    fileprivate struct Waiting {
        let id: Int
        let turn: CheckedContinuation<Turn, Never>
    }

    fileprivate struct State {
        var running: [String: Int] = [:]
        /// Told when it is their turn.
        var waiting: [String: [Waiting]] = [:]
        var lastID = 0
    }

    private let pool = NIOThreadPool(numberOfThreads: threads)
    private let state = Mutex(State())

    /// The threads live as long as the process.
    private init() { pool.start() }

    func run<Value: Sendable>(
        for tenant: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        switch await turn(of: tenant) {
        case .mine: break
        case .cancelled: throw CancellationError()
        case .tooManyWait:
            throw APIError(
                .tooManyRequests(10),
                "\(tenant) has \(Self.mostWaiting) large files waiting; ask again later"
            )
        }
        defer { state.withLock { $0.leave(tenant) }?.resume(returning: .mine) }
        return try await pool.runIfActive(body)
    }

    /// Size and SHA-256 of a file; given up within a piece of it when the task is cancelled.
    func digest(of path: String, for tenant: String) async throws -> FileDigest {
        let wish = Wish()
        return try await withTaskCancellationHandler {
            try await run(for: tenant) { try FileDigest(path: path, while: { wish.isThere }) }
        } onCancel: {
            wish.end()
        }
    }

    private func turn(of tenant: String) async -> Turn {
        let id = state.withLock { $0.nextID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let answer = state.withLock { $0.enter(tenant, Waiting(id: id, turn: turn)) }
                if let answer { turn.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.giveUp(tenant, id) }?.resume(returning: .cancelled)
        }
    }
}

/// Whether somebody still waits for what a thread does.
private final class Wish: Sendable {
    private let isOver = Atomic(false)

    var isThere: Bool { !isOver.load(ordering: .relaxed) }

    func end() { isOver.store(true, ordering: .relaxed) }
}

extension LongDiskWork.State {
    fileprivate mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// - Returns: whether it may run; `nil` when it is told later.
    fileprivate mutating func enter(_ tenant: String, _ new: LongDiskWork.Waiting) -> LongDiskWork.Turn? {
        // Asked under the lock: who is cancelled from now on finds it waiting.
        if Task.isCancelled { return .cancelled }
        let count = running[tenant] ?? 0
        if count < LongDiskWork.perTenant {
            running[tenant] = count + 1
            return .mine
        }
        guard waiting[tenant, default: []].count < LongDiskWork.mostWaiting else { return .tooManyWait }
        waiting[tenant, default: []].append(new)
        return nil
    }

    /// - Returns: who is not waiting any more; `nil` when it had its turn already, or has not asked yet.
    fileprivate mutating func giveUp(_ tenant: String, _ id: Int) -> CheckedContinuation<LongDiskWork.Turn, Never>? {
        guard var queue = waiting[tenant], let index = queue.firstIndex(where: { $0.id == id }) else { return nil }
        let turn = queue.remove(at: index).turn
        waiting[tenant] = queue.isEmpty ? nil : queue
        return turn
    }

    /// - Returns: who takes the place.
    fileprivate mutating func leave(_ tenant: String) -> CheckedContinuation<LongDiskWork.Turn, Never>? {
        if var queue = waiting[tenant], !queue.isEmpty {
            let next = queue.removeFirst().turn
            waiting[tenant] = queue.isEmpty ? nil : queue
            return next
        }
        let left = (running[tenant] ?? 1) - 1
        running[tenant] = left == 0 ? nil : left
        return nil
    }
}
