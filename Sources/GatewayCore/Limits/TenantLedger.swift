import Synchronization

/// The counters of one tenant behind one lock, so that a request takes from all of them in one step or from none.
final class TenantLedger: Sendable {
    private let ledger = Mutex(Ledger())
    private let onThreshold: @Sendable (QuotaEvent) -> Void

    init(onThreshold: @escaping @Sendable (QuotaEvent) -> Void) {
        self.onThreshold = onThreshold
    }

    func add(_ make: (inout Ledger) -> Ledger.Place) -> Ledger.Place { ledger.withLock { make(&$0) } }

    func free(_ place: Ledger.Place) { ledger.withLock { $0.free(place) } }

    /// Looks at all rules, then takes from all, or from none when one of them refuses.
    func reserve(
        _ scopes: UsageScopes,
        _ claim: Claim,
        _ address: AddressKey,
        at now: Moment
    ) -> (holdings: [Ledger.Holding], isRefused: Bool) {
        var isRefused = false
        // Not by the initialiser with a capacity, which looks the element's type up at run time.
        var holdings: [Ledger.Holding] = []
        holdings.append(addingCapacity: scopes.boundCount) { holdings in
            ledger.withLock { ledger in
                let now = ledger.latest(now)
                scopes.visit { _, _, bound in
                    let holding = ledger.look(bound, claim, address, at: now)
                    isRefused = isRefused || (holding.isShort && !bound.isWarnOnly)
                    holdings.append(holding)
                }
                if isRefused { return }
                var index = 0
                scopes.visit { _, _, bound in
                    ledger.take(&holdings[index], bound, address, at: now)
                    index += 1
                }
            }
        }
        return (holdings, isRefused)
    }

    /// - Parameter claim: what was used; `nil` when all is given back.
    func settle(_ scopes: UsageScopes, _ holdings: [Ledger.Holding], _ claim: Claim?, at now: Moment?) {
        let events = ledger.withLock { ledger in
            let now = now.map { ledger.latest($0) }
            var events: [QuotaEvent] = []
            var index = 0
            scopes.visit { scope, number, bound in
                ledger.settle(holdings[index], bound, actual: claim?.amount(of: bound.measure) ?? 0, at: now)
                index += 1
                guard case .quota(let slot) = bound.place else { return }
                while let percent = ledger.quotas.items[slot].crossed() {
                    events.append(QuotaEvent(scope, number, percent, ledger.quotas.items[slot]))
                }
            }
            return events
        }
        for event in events { onThreshold(event) }
    }

    /// Tells once that a quota stopped a request.
    func stopped(_ scope: UsageScope, _ number: Int, _ claim: Claim) {
        let bound = scope.bounds[number]
        guard case .quota(let slot) = bound.place else { return }
        let event: QuotaEvent? = ledger.withLock { ledger in
            guard ledger.quotas.items[slot].stopped(claim.need(of: bound.measure)) else { return nil }
            return QuotaEvent(scope, number, 100, ledger.quotas.items[slot])
        }
        if let event { onThreshold(event) }
    }

    /// Sets a quota to what was counted before the gateway started, or before the rule was added.
    func restore(_ bound: Bound, _ rows: [UsageRow], of subject: UsageSubject, _ rule: QuotaRule) {
        guard case .quota(let slot) = bound.place else { return }
        ledger.withLock { ledger in
            let window = ledger.quotas.items[slot].window
            var sum: Int64 = 0
            for row in rows where window.start <= row.bucketStart && row.bucketStart < window.end {
                guard row.counts(for: subject) else { continue }
                sum = (Int128(sum) + Int128(max(0, row.amount(of: rule.measure)))).clamped
            }
            ledger.quotas.items[slot].restore(sum, bound)
        }
    }

    /// Not on the hot path; the ledger must not be kept, or the next request pays for a copy of it.
    func read<Value: Sendable>(_ body: (Ledger) -> Value) -> Value { ledger.withLock { body($0) } }
}
