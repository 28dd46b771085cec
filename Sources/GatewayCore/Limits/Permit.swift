import Synchronization

/// What one request holds of the limits and quotas; settled exactly once.
package final class Permit: Sendable {
    let scopes: UsageScopes
    let holdings: [Ledger.Holding]
    private let demand: Demand
    private let price: Price?
    private let isSettled = Atomic<Bool>(false)

    init(
        _ scopes: UsageScopes,
        _ holdings: [Ledger.Holding],
        _ demand: Demand,
        _ price: Price?
    ) {
        self.scopes = scopes
        self.holdings = holdings
        self.demand = demand
        self.price = price
    }

    /// A permit that nobody settled belongs to a request that was never sent: nothing of it stays counted but the rates,
    /// which drain by themselves.
    deinit {
        guard settleOnce() else { return }
        scopes.ledger?.settle(scopes, holdings, nil, at: nil)
    }

    /// Books what was used, gives back the rest; everything, the rate of requests included, when nothing was answered.
    ///
    /// Rates get back only what has not drained meanwhile, so that never more passes than they say. What was used beyond
    /// the estimate is owed: the limit lets nothing pass until the debt has drained, one day of it at most. A second call
    /// does nothing.
    ///
    /// - Returns: what it cost, in millionths; 0 when nothing was answered, and from a second call.
    @discardableResult
    package func settle(_ actual: ActualUsage, at now: Moment) -> Int64 {
        guard settleOnce() else { return 0 }
        guard actual.isAnswered else {
            scopes.ledger?.settle(scopes, holdings, nil, at: now)
            return 0
        }
        let (input, output) = actual.counted(demand)
        let used = Claim(inputTokens: input, outputTokens: output, bodyBytes: actual.bodyBytes, price: price)
        scopes.ledger?.settle(scopes, holdings, used, at: now)
        return used.cost ?? 0
    }

    /// The tokens that `settle` counts for this use: what was told, else what was estimated or seen to come.
    package func counted(_ actual: ActualUsage) -> (input: Int64, output: Int64) {
        actual.isAnswered ? actual.counted(demand) : (0, 0)
    }

    private func settleOnce() -> Bool { !isSettled.exchange(true, ordering: .acquiringAndReleasing) }
}
