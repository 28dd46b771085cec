extension LimitReport {
    /// The place of the tightest rule among those that were looked at.
    private struct Tightest {
        var share = Double.infinity
        var index = -1

        mutating func look(_ share: Double, at index: Int) {
            if share < self.share { (self.share, self.index) = (share, index) }
        }

        func entry(_ scopes: UsageScopes, _ holdings: [Ledger.Holding]) -> Entry? {
            guard index >= 0, let (scope, number) = scopes.rule(at: index) else { return nil }
            return Entry(holdings[index], scope.bounds[number], scope.words[number])
        }
    }

    /// What the rules had left at a decision, in words and numbers for callers.
    ///
    /// Compares first and makes entries of what is told only: this runs for every answer. Rules that refuse come before all
    /// others.
    ///
    /// - Parameter refusal: the rule that is named, and for how many nanoseconds it lets the request wait: `RateLimit` tells
    ///   of that rule, and of the moment that `Retry-After` means; of money and concurrency it cannot tell.
    init(
        _ scopes: UsageScopes,
        _ holdings: [Ledger.Holding],
        refusal: (index: Int, wait: Int64)? = nil
    ) {
        var (ofRequests, ofTokens, ofTimed) = (Tightest(), Tightest(), Tightest())
        var warnings: [String] = []
        var index = 0
        scopes.visit { scope, number, bound in
            defer { index += 1 }
            guard !bound.isWarnOnly else {
                if holdings[index].isShort { warnings.append(scope.words[number].policy) }
                return
            }
            let share = bound.share(of: holdings[index].left) - (holdings[index].isShort ? 2 : 0)
            switch bound.measure {
            case .requests: ofRequests.look(share, at: index)
            case .tokens: ofTokens.look(share, at: index)
            case .bodyBytes: break
            case .cost, .concurrent: return
            }
            ofTimed.look(share, at: index)
        }
        let requests = ofRequests.entry(scopes, holdings)
        let tokens = ofTokens.entry(scopes, holdings)
        let timed: Entry?
        if let refusal {
            timed = Self.entry(of: refusal.index, scopes, holdings, resetAfter: refusal.wait)
        } else {
            switch ofTimed.index {
            case ofRequests.index: timed = requests
            case ofTokens.index: timed = tokens
            default: timed = ofTimed.entry(scopes, holdings)
            }
        }
        self.init(requests: requests, tokens: tokens, timed: timed, warnings: warnings)
    }
}

extension LimitReport {
    /// A refusing rule's entry; `nil` of those that have no window or are not told.
    private static func entry(
        of index: Int,
        _ scopes: UsageScopes,
        _ holdings: [Ledger.Holding],
        resetAfter: Int64
    ) -> Entry? {
        guard let (scope, number) = scopes.rule(at: index) else { return nil }
        let entry = Entry(holdings[index], scope.bounds[number], scope.words[number])
        guard entry.words.measure != .cost, entry.window != nil else { return nil }
        return Entry(words: entry.words, remaining: entry.remaining, resetAfter: resetAfter, window: entry.window)
    }
}

extension LimitReport.Entry {
    init(_ holding: Ledger.Holding, _ bound: Bound, _ words: RuleWords) {
        self.words = words
        remaining = max(0, holding.left.dividedDown(by: bound.unit)).clamped
        switch bound.place {
        case .rate, .rateByAddress:
            resetAfter = (bound.capacity - holding.left).dividedUp(by: bound.speed).clamped
            window = words.window
        case .quota:
            resetAfter = holding.resetAfter
            window = holding.window
        case .running, .runningByAddress:
            resetAfter = 0
            window = nil
        }
    }
}

extension LimitRefusal {
    /// Names the rule that keeps the request waiting longest: after that time all of them let it pass.
    init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding], _ claim: Claim) {
        var (message, isQuota) = ("", false)
        var named = (index: 0, wait: Int64(1))
        var longest: Int128 = -1
        var index = -1
        scopes.visit { scope, number, bound in
            index += 1
            let holding = holdings[index]
            guard holding.isShort, !bound.isWarnOnly else { return }
            let words = scope.words[number]
            let need = bound.units(claim.need(of: bound.measure))
            let isNever = need > bound.capacity
            let wait = Self.wait(holding, bound, words, need, isNever)
            guard wait > longest || isNever else { return }
            longest = isNever ? .max : wait
            message = isNever ? words.tooLarge : words.usedUp
            isQuota = words.isQuota
            named = (index, max(1, wait.clamped))
        }
        self.init(
            message: message,
            isQuota: isQuota,
            retryAfter: Int128(named.wait).dividedUp(by: 1_000_000_000).clamped,
            report: LimitReport(scopes, holdings, refusal: named)
        )
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
