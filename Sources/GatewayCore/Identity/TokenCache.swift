import Synchronization

/// Tokens that were verified, by their SHA-256, until they expire: no request waits twice for the same one.
package final class TokenCache: Sendable {
    /// A longer life is looked at again in between, which costs no fetch: the key may have ended meanwhile.
    private static let longest: Int64 = 3600

    private struct State {
        var tokens: [KeyDigest: (token: VerifiedToken, until: Int64)] = [:]
        var generation = 0
    }

    private let bound: Int
    private let state = Mutex(State())

    /// - Parameter bound: tokens that are kept; when it is reached, those that are expired go, and if none is, all do.
    package init(bound: Int = 50_000) {
        self.bound = bound
    }

    /// Changes with `removeAll`: what was verified under another one is not to be kept.
    package var generation: Int { state.withLock { $0.generation } }

    /// - Parameter now: seconds since 1970.
    func find(_ text: String, at now: Int64) -> VerifiedToken? {
        let digest = KeyDigest(of: text)
        guard let entry = state.withLock({ $0.tokens[digest] }), now < entry.until else { return nil }
        return entry.token
    }

    /// - Parameter generation: as it was before the token was verified.
    /// - Returns: whether that still counts; else the token must be verified again.
    package func add(_ token: VerifiedToken, for text: String, generation: Int, at now: Int64) -> Bool {
        let digest = KeyDigest(of: text)
        return state.withLock { state in
            guard state.generation == generation else { return false }
            if state.tokens.count >= bound { state.tokens = state.tokens.filter { now < $0.value.until } }
            if state.tokens.count >= bound { state.tokens.removeAll() }
            state.tokens[digest] = (token, min(token.expiresAt, now + Self.longest))
            return true
        }
    }

    /// What was trusted may not be any more: every token is verified again.
    package func removeAll() {
        state.withLock {
            $0.tokens.removeAll()
            $0.generation += 1
        }
    }
}
