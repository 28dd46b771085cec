extension LimitReport {
    /// What the rules had left at a decision, in words and numbers for callers.
    init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding]) {
        self.init()
        entries.reserveCapacity(holdings.count)
        var index = 0
        scopes.visit { scope, number, bound in
            let holding = holdings[index]
            index += 1
            if !bound.isWarnOnly {
                entries.append(Entry(holding, bound, scope.words[number]))
            } else if holding.isShort {
                warnings.append(scope.words[number].policy)
            }
        }
    }
}

extension LimitReport.Entry {
    init(_ holding: Ledger.Holding, _ bound: Bound, _ words: RuleWords) {
        self.init(
            policy: words.policy,
            measure: bound.measure,
            limit: bound.amount,
            remaining: max(0, holding.left.dividedDown(by: bound.unit)).clamped,
            resetAfter: holding.resetAfter,
            window: words.window,
            isQuota: words.isQuota
        )
        switch bound.place {
        case .rate, .rateByAddress: resetAfter = (bound.capacity - holding.left).dividedUp(by: bound.speed).clamped
        case .quota: window = holding.window
        case .running, .runningByAddress: break
        }
    }
}

extension LimitRefusal {
    /// Names the rule that keeps the request waiting longest: after that time all of them let it pass.
    init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding], _ claim: Claim) {
        self.init(message: "", isQuota: false, retryAfter: 1, report: LimitReport(scopes, holdings))
        var longest: Int128 = -1
        var index = 0
        scopes.visit { scope, number, bound in
            let holding = holdings[index]
            index += 1
            guard holding.isShort, !bound.isWarnOnly else { return }
            let words = scope.words[number]
            let need = Int128(claim.need(of: bound.measure)) * Int128(bound.unit)
            let isNever = need > bound.capacity
            let wait = Self.wait(holding, bound, words, need, isNever)
            guard wait > longest || isNever else { return }
            longest = isNever ? .max : wait
            message = isNever ? words.tooLarge : words.usedUp
            isQuota = words.isQuota
            retryAfter = max(1, wait.dividedUp(by: 1_000_000_000).clamped)
        }
    }

    /// Nanoseconds until the rule would let the request pass; its period when it never will.
    private static func wait(
        _ holding: Ledger.Holding,
        _ bound: Bound,
        _ words: RuleWords,
        _ need: Int128,
        _ isNever: Bool
    ) -> Int128 {
        switch bound.place {
        case .quota: Int128(holding.resetAfter)
        case .running, .runningByAddress: 1
        case .rate, .rateByAddress:
            isNever
                ? Int128(words.window ?? 1) * 1_000_000_000
                : (need - holding.left).dividedUp(by: bound.speed)
        }
    }
}
