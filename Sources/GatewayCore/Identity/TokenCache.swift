import Synchronization

/// Tokens that were verified, by their SHA-256, until they expire: no request waits twice for the same one.
package final class TokenCache: Sendable {
    private let bound: Int
    private let tokens = Mutex<[KeyDigest: VerifiedToken]>([:])

    /// - Parameter bound: tokens that are kept; when it is reached, those that are expired go, and if none is, all do.
    package init(bound: Int = 50_000) {
        self.bound = bound
    }

    /// - Parameter now: seconds since 1970.
    func find(_ text: String, at now: Int64) -> VerifiedToken? {
        let digest = KeyDigest(of: text)
        guard let token = tokens.withLock({ $0[digest] }), now < token.expiresAt else { return nil }
        return token
    }

    package func add(_ token: VerifiedToken, for text: String, at now: Int64) {
        let digest = KeyDigest(of: text)
        tokens.withLock { tokens in
            if tokens.count >= bound { tokens = tokens.filter { now < $0.value.expiresAt } }
            if tokens.count >= bound { tokens.removeAll() }
            tokens[digest] = token
        }
    }

    /// What was trusted may not be any more: every token is verified again.
    package func removeAll() {
        tokens.withLock { $0.removeAll() }
    }
}
