import GatewayCore

/// One try of a token against the keys of every tenant whose rule takes what it says.
struct KeyRound {
    /// The tenants for which it is signed well.
    private(set) var accepted: [VerifiedToken.TenantIssuer] = []
    /// The sources that lack its key.
    private(set) var missing: [KeySource] = []
    /// Why it is refused when nobody accepts it.
    private(set) var refusal = TokenRefusal.unknownKey

    init(token: SignedToken, rules: [IssuerTable.Rule]) {
        var verdicts: [KeyLocation: Bool] = [:]
        for rule in rules {
            let isGood = verdicts[rule.location] ?? judge(token, by: rule.source)
            verdicts[rule.location] = isGood
            if isGood { accepted.append(rule.holder) }
        }
    }

    private mutating func judge(_ token: SignedToken, by source: KeySource) -> Bool {
        let keys = source.keys
        do throws(TokenRefusal) {
            guard let key = try keys.key(for: token) else {
                missing.append(source)
                if keys.isEmpty { refusal = .keysUnavailable }
                return false
            }
            guard key.signed(token) else { throw .signature }
            return true
        } catch {
            refusal = error
            return false
        }
    }

    /// Tries again with each source's new keys as they come, until one of them makes the token good.
    ///
    /// No tenant waits for the slow server of another one. The tasks need nobody to cancel them: a fetch ends in time.
    static func afterRefresh(
        of sources: [KeySource],
        token: SignedToken,
        rules: [IssuerTable.Rule]
    ) async -> KeyRound {
        let fetches = sources.compactMap { $0.refreshForToken() }
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        for fetch in fetches {
            Task {
                await fetch.value
                arrival.yield()
            }
        }
        var round = KeyRound(token: token, rules: rules)
        var waiting = fetches.count
        var iterator = arrivals.makeAsyncIterator()
        while round.accepted.isEmpty, waiting > 0, await iterator.next() != nil {
            waiting -= 1
            round = KeyRound(token: token, rules: rules)
        }
        return round
    }
}
