extension LimitReport {
    /// The place of the tightest rule among those that were looked at.
    private struct Tightest {
        var share = Double.infinity
        var index = -1

        mutating func look(_ share: Double, at index: Int) {
            if share < self.share { (self.share, self.index) = (share, index) }
        }
    }

    /// What the rules had left at a decision, in words and numbers for callers.
    ///
    /// Compares first and makes entries of what is told only: this runs for every answer.
    init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding]) {
        self.init()
        var (ofRequests, ofTokens, ofTimed) = (Tightest(), Tightest(), Tightest())
        var index = 0
        scopes.visit { scope, number, bound in
            let holding = holdings[index]
            if bound.isWarnOnly {
                if holding.isShort { warnings.append(scope.words[number].policy) }
            } else {
                let share = bound.share(of: holding.left)
                switch bound.measure {
                case .requests: ofRequests.look(share, at: index)
                case .tokens: ofTokens.look(share, at: index)
                case .bodyBytes, .cost, .concurrent: break
                }
                if bound.measure != .cost, bound.measure != .concurrent { ofTimed.look(share, at: index) }
            }
            index += 1
        }
        index = 0
        scopes.visit { scope, number, bound in
            if index == ofRequests.index || index == ofTokens.index || index == ofTimed.index {
                let entry = Entry(holdings[index], bound, scope.words[number])
                if index == ofRequests.index { requests = entry }
                if index == ofTokens.index { tokens = entry }
                if index == ofTimed.index { timed = entry }
            }
            index += 1
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
