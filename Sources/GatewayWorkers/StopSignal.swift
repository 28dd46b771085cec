import Synchronization

/// Set once; everybody who waits for it goes on.
final class StopSignal: Sendable {
    /// Who waits, and whether it is still worth it.
    private struct Waiting {
        var isSet = false
        var nextID = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let waiting = Mutex(Waiting())

    var isSet: Bool { waiting.withLock { $0.isSet } }

    func set() {
        let waiters = waiting.withLock { waiting in
            waiting.isSet = true
            defer { waiting.waiters = [:] }
            return waiting.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the signal is set or the task is cancelled.
    func wait() async {
        let id = waiting.withLock { waiting in
            waiting.nextID += 1
            return waiting.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiting.withLock { waiting in
                    // Looked at under the lock: a cancellation from here on finds the waiter.
                    guard !waiting.isSet, !Task.isCancelled else { return true }
                    waiting.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            waiting.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    /// Waits so long, or less when the signal comes first.
    func wait(atMost duration: Duration) async {
        await withTaskGroup { group in
            group.addTask { await self.wait() }
            group.addTask { try? await Task.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }
}
