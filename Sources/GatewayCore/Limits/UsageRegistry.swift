import Synchronization

/// Every counter of the gateway; lives as long as the process, through all snapshots.
///
/// Snapshots and permits hold scopes, and scopes their counters; what none of them holds any more is forgotten.
package final class UsageRegistry: Sendable {
    /// Answers what a subject used since a moment (seconds since 1970), from what the store has counted.
    package typealias History = @Sendable (UsageSubject, _ from: Int64) -> [UsageRow]
    /// Is told what is gone, so that what the store has counted is nobody's who gets one of the names.
    package typealias Forgetting = @Sendable ([UsageSubject]) -> Void

    private let directory: Mutex<ScopeDirectory>
    private let wall: @Sendable () -> Int64
    private let history: History
    private let onForget: Forgetting
    private let onThreshold: @Sendable (QuotaEvent) -> Void

    /// - Parameters:
    ///   - wall: tells the time when a quota is added; requests bring their own.
    ///   - history: asked once for each scope that gets a new quota, while a snapshot is compiled, never on the hot path;
    ///     it must not call the registry.
    ///   - onForget: called by `forget`, outside of locks.
    ///   - onThreshold: called on the thread that settled or refused a request, outside of locks; must be quick.
    package init(
        wall: @escaping @Sendable () -> Int64 = QuotaCalendar.wall,
        history: @escaping History = { _, _ in [] },
        onForget: @escaping Forgetting = { _ in },
        onThreshold: @escaping @Sendable (QuotaEvent) -> Void = { _ in }
    ) {
        directory = Mutex(ScopeDirectory())
        self.wall = wall
        self.history = history
        self.onForget = onForget
        self.onThreshold = onThreshold
    }

    /// The scope of a subject with these rules; counters of rules that stay the same go on.
    ///
    /// - Returns: `nil` when there are no rules.
    package func scope(_ subject: UsageSubject, _ rules: UsageRules) -> UsageScope? {
        guard !rules.isEmpty else { return nil }
        return directory.withLock {
            $0.scope(subject, rules, wall: wall(), history: history, onThreshold: onThreshold)
        }
    }

    /// Whoever gets one of these names next begins at zero; a tenant's includes all that it had.
    ///
    /// Requests under way settle with the counters that they took from.
    package func forget(_ gone: [UsageSubject]) {
        guard !gone.isEmpty else { return }
        directory.withLock { $0.forget(Set(gone)) }
        onForget(gone)
    }

    /// Sets the quotas of all scopes to what these rows say, where that is more than was counted since.
    package func restore(_ rows: [UsageRow]) {
        for scope in directory.withLock({ $0.all }) { scope.restore(rows) }
    }

    /// Takes from every limit and quota what the request may need, in one step, or takes nothing.
    ///
    /// A request that needs more than a limit ever has at once is refused with a sentence that says so.
    ///
    /// - Parameters:
    ///   - address: of the client, for limits by address.
    ///   - price: the deployment's.
    /// - Returns: `nil` where nothing is limited.
    package func reserve(
        _ scopes: UsageScopes,
        _ demand: Demand,
        address: IPAddress?,
        price: Price?,
        at now: Moment
    ) throws(Refusal) -> Permit? {
        guard let ledger = scopes.ledger else { return nil }
        let claim = Claim(
            inputTokens: demand.inputTokens,
            outputTokens: demand.outputTokens,
            bodyBytes: demand.bodyBytes,
            price: price
        )
        let (holdings, isRefused) = ledger.reserve(scopes, claim, AddressKey(address), at: now)
        if isRefused {
            throw .limited(refuse(scopes, holdings, claim, ledger))
        }
        countWarnings(scopes, holdings)
        return Permit(scopes, holdings, demand, price)
    }

    /// How each rule of a subject stands, in the order of its rules, limits first; empty for a subject without rules.
    package func status(of subject: UsageSubject, at now: Moment) -> [LimitStatus] {
        directory.withLock { $0.scope(of: subject) }?.status(at: now) ?? []
    }

    /// How many scopes, counters and ledgers are held, those included that the next sweep forgets.
    var held: Int { directory.withLock { $0.count } }

    private func refuse(
        _ scopes: UsageScopes,
        _ holdings: [Ledger.Holding],
        _ claim: Claim,
        _ ledger: TenantLedger
    ) -> LimitRefusal {
        var index = 0
        var isOfDeployment = true
        scopes.visit { scope, number, bound in
            let isRefusing = holdings[index].isShort && !bound.isWarnOnly
            index += 1
            guard isRefusing else { return }
            isOfDeployment = isOfDeployment && scope === scopes.deployment
            scope.meters[number].countRefusal()
            ledger.stopped(scope, number, claim)
        }
        var refusal = LimitRefusal(scopes, holdings, claim)
        refusal.isOfDeployment = isOfDeployment
        return refusal
    }

    private func countWarnings(_ scopes: UsageScopes, _ holdings: [Ledger.Holding]) {
        guard holdings.contains(where: \.isShort) else { return }
        var index = 0
        scopes.visit { scope, number, _ in
            if holdings[index].isShort { scope.meters[number].countWarning() }
            index += 1
        }
    }
}
