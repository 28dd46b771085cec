import GatewayCore
import Synchronization

/// Five logins a minute for each address (SECURITY A-2), IPv6 by its /64, and ten times as many for each name: whoever
/// guesses at a name from one place does not lock its holder out.
final class LoginLimit: Sendable {
    static let allowed = 5
    static let allowedByName = 50
    static let window = Duration.seconds(60)

    /// Whose tries are counted.
    private enum Subject: Hashable {
        case address(AddressKey)
        case name(String)
    }

    private let mostKept: Int
    private let tries = Mutex<[Subject: [ContinuousClock.Instant]]>([:])

    init(mostKept: Int = 10_000) {
        self.mostKept = mostKept
    }

    /// Counts one more.
    ///
    /// The address comes first: one that is refused leaves no name behind.
    ///
    /// - Parameter name: `nil` for one that nobody can have.
    /// - Returns: seconds until the next one is let through; `nil` when this one is.
    func refusal(name: String?, address: String?, now: ContinuousClock.Instant = .now) -> Int64? {
        let key = AddressKey(address.flatMap { IPAddress($0) })
        return tries.withLock { tries in
            if let wait = count(.address(key), atMost: Self.allowed, in: &tries, now) { return wait }
            return name.flatMap { count(.name($0), atMost: Self.allowedByName, in: &tries, now) }
        }
    }

    /// Names and addresses that are remembered.
    var kept: Int { tries.withLock(\.count) }

    private func count(
        _ subject: Subject,
        atMost most: Int,
        in tries: inout [Subject: [ContinuousClock.Instant]],
        _ now: ContinuousClock.Instant
    ) -> Int64? {
        if tries[subject] == nil { makeRoom(in: &tries, now) }
        var list = tries[subject, default: []]
        list.removeAll { now - $0 >= Self.window }
        guard list.count >= most, let first = list.first else {
            tries[subject] = list + [now]
            return nil
        }
        return (Self.window - (now - first)).components.seconds + 1
    }

    /// Those that are over go, and when all count still, the one that tried last the longest ago: somebody new is let in
    /// even while the whole world tries.
    private func makeRoom(in tries: inout [Subject: [ContinuousClock.Instant]], _ now: ContinuousClock.Instant) {
        guard tries.count >= mostKept else { return }
        tries = tries.filter { $0.value.last.map { now - $0 < Self.window } ?? false }
        guard tries.count >= mostKept else { return }
        let oldest = tries.min { ($0.value.last ?? now) < ($1.value.last ?? now) }
        if let oldest { tries[oldest.key] = nil }
    }
}
