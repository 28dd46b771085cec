// GatewayTestKit owns what tests with real sockets share: a running gateway, upstreams that follow a script, and a client
// that shows every byte. Nothing here decides what is right; tests do.

import Synchronization

/// Things that happen, for one waiter, in order; every wait has a bound.
package final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var waiter: CheckedContinuation<Element?, Never>?
        var waits = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func put(_ element: Element) {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.waiting.append(element)
                return CheckedContinuation<Element?, Never>?.none
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume(returning: element)
    }

    /// The next thing that happens; throws `TookTooLong` when nothing does.
    package func next(within bound: Duration = .patience) async throws -> Element {
        let timer = Task { [number = state.withLock { $0.waits + 1 }] in
            // Cancelled below as soon as something has happened.
            try await Task.sleep(for: bound)
            expire(number)
        }
        defer { timer.cancel() }
        let element = await withCheckedContinuation { continuation in
            let ready: Element? = state.withLock { state in
                state.waits += 1
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.waiter = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        guard let element else { throw TookTooLong(bound: bound) }
        return element
    }

    private func expire(_ number: Int) {
        let waiter = state.withLock { state in
            guard state.waits == number, let waiter = state.waiter else {
                return CheckedContinuation<Element?, Never>?.none
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume(returning: nil)
    }
}

/// Returns once the condition is true, for states that tell no event: looks until it is so, and throws `TookTooLong`
/// when it does not become so.
package func wait(
    within bound: Duration = .patience,
    isolation: isolated (any Actor)? = #isolation,
    until isTrue: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + bound
    while try await !isTrue() {
        guard ContinuousClock.now < end else { throw TookTooLong(bound: bound) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension Duration {
    /// How long tests wait for what must happen: seconds on a free machine can be a minute on one that does much else.
    package static let patience = Duration.seconds(60)
}

/// What a test waited for did not happen.
package struct TookTooLong: Error, CustomStringConvertible {
    package let bound: Duration

    package init(bound: Duration) {
        self.bound = bound
    }

    package var description: String { "nothing happened within \(bound)" }
}
