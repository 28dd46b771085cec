import Synchronization

/// Counts refused credentials by client address, IPv6 by its /64 (SECURITY K-5).
package final class FailureMeter: Sendable {
    /// Failures in a minute that are answered at once.
    private static let allowed = 20
    private static let window: Int64 = 60_000_000_000
    private static let mostAddresses = 10_000

    private struct Count {
        var start: Int64
        var failures: Int
    }

    private let counts = Mutex<[AddressKey: Count]>([:])

    package init() {}

    /// Counts one more; whether the address has had more than its share in this minute.
    package func isOverLimit(_ address: IPAddress, at now: Moment) -> Bool {
        counts.withLock { counts in
            if counts.count >= Self.mostAddresses {
                counts = counts.filter { now.uptime - $0.value.start < Self.window }
            }
            let address = AddressKey(address)
            // That many in one minute is an attack from everywhere: it must not fill the memory, nor hide who is counted.
            if counts.count >= Self.mostAddresses, counts[address] == nil { return false }
            var count = counts[address] ?? Count(start: now.uptime, failures: 0)
            if now.uptime - count.start >= Self.window { count = Count(start: now.uptime, failures: 0) }
            count.failures += 1
            counts[address] = count
            return count.failures > Self.allowed
        }
    }
}
