import GatewayTestKit
import Synchronization

/// Counts what another task does, and tells when it has stopped doing it.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() { count.withLock { $0 += 1 } }

    /// The count once it has stood still for half a second: a stall has no event of its own.
    func settle() async throws -> Int {
        var last = -1
        var still = 0
        for _ in 0..<600 {
            let now = value
            still = now == last && now > 0 ? still + 1 : 0
            if still == 10 { return now }
            last = now
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TookTooLong(bound: .seconds(30))
    }
}
