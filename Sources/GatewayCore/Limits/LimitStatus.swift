/// How one rule stands, for people who look at it.
package struct LimitStatus: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
        case limit(LimitRule)
        case quota(QuotaRule)
    }

    package var rule: Rule
    /// What is taken now, estimates of running requests included; of rules by address that of the busiest address.
    package var used: Int64
    package var remaining: Int64
    /// Nanoseconds until the rule is whole again; 0 for concurrency.
    package var resetAfter: Int64
    /// Requests that the rule refused, and that it would have refused if it did not only warn, since it was made or the
    /// gateway started.
    package var refused: Int64
    package var warned: Int64
    /// Addresses that are counted; `nil` for rules that are not by address.
    package var addresses: Int?
    /// `nil` for limits.
    package var window: QuotaWindow?
}

extension UsageScope {
    /// The first second of the window that began first.
    var earliestWindow: Int64 {
        ledger.read { ledger in
            let starts = meters.compactMap { meter -> Int64? in
                guard case .quota(let slot) = meter.place else { return nil }
                return ledger.quotas.items[slot].window.start
            }
            return starts.min() ?? 0
        }
    }

    func restore(_ rows: [UsageRow]) {
        for (index, rule) in rules.quotas.enumerated() {
            let bound = bounds[rules.limits.count + index]
            ledger.restore(bound, rows, of: subject, rule)
        }
    }

    func status(at now: Moment) -> [LimitStatus] {
        let now = now.bounded
        let all = rules.limits.map(LimitStatus.Rule.limit) + rules.quotas.map(LimitStatus.Rule.quota)
        return all.indices.map { index in
            var status = ledger.read { LimitStatus(all[index], bounds[index], $0, at: now) }
            status.refused = meters[index].refused
            status.warned = meters[index].warned
            return status
        }
    }
}

extension LimitStatus {
    fileprivate init(_ rule: Rule, _ bound: Bound, _ ledger: Ledger, at now: Moment) {
        self.init(rule: rule, used: 0, remaining: 0, resetAfter: 0, refused: 0, warned: 0)
        switch bound.place {
        case .rate(let slot):
            set(level: ledger.rates.items[slot].level(at: bound.tick(now)), bound)
        case .running(let slot):
            set(level: Int128(ledger.running.items[slot]), bound)
        case .quota(let slot):
            var counter = ledger.quotas.items[slot]
            counter.advance(now)
            used = (counter.used + counter.reserved).clamped
            remaining = max(0, counter.left(of: bound.amount)).clamped
            resetAfter = counter.resetAfter(now)
            window = counter.window
        case .rateByAddress(let slot):
            let tick = bound.tick(now)
            addresses = ledger.ratesByAddress.items[slot].count
            set(level: ledger.ratesByAddress.items[slot].counters.map { $0.level(at: tick) }.max() ?? 0, bound)
        case .runningByAddress(let slot):
            addresses = ledger.runningByAddress.items[slot].count
            set(level: Int128(ledger.runningByAddress.items[slot].counters.max() ?? 0), bound)
        }
    }

    private mutating func set(level: Int128, _ bound: Bound) {
        used = level.dividedUp(by: bound.unit).clamped
        remaining = max(0, bound.capacity - level).dividedDown(by: bound.unit).clamped
        if bound.speed > 0 { resetAfter = level.dividedUp(by: bound.speed).clamped }
    }
}
