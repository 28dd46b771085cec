import Synchronization

/// Five logins a minute for each name and for each address (SECURITY A-2).
final class LoginLimit: Sendable {
    static let allowed = 5
    static let window = Duration.seconds(60)
    private static let mostKept = 10_000

    private let tries = Mutex<[String: [ContinuousClock.Instant]]>([:])

    /// Counts one more.
    ///
    /// - Returns: seconds until the next one is let through; `nil` when this one is.
    func refusal(name: String, address: String?, now: ContinuousClock.Instant = .now) -> Int64? {
        tries.withLock { tries in
            if tries.count >= Self.mostKept { tries = tries.filter { $0.value.contains { now - $0 < Self.window } } }
            // That many in a minute come from everywhere: then nobody logs in for a while.
            if tries.count >= Self.mostKept { return Self.window.components.seconds }
            let waits = ["name \(name)", "address \(address ?? "")"].map { key in
                Self.count(&tries[key, default: []], now)
            }
            return waits.compactMap(\.self).max()
        }
    }

    private static func count(_ list: inout [ContinuousClock.Instant], _ now: ContinuousClock.Instant) -> Int64? {
        list.removeAll { now - $0 >= window }
        guard list.count >= allowed, let first = list.first else {
            list.append(now)
            return nil
        }
        return (window - (now - first)).components.seconds + 1
    }
}
