/// The tightest rule of each family at a decision, by its place among the rules; -1 = there is none.
///
/// Rules that refuse come before all others; callers are not told of money, nor of what has no window.
private struct TightestRules {
    private struct Tightest {
        var share = Double.infinity
        var index = -1

        mutating func look(_ share: Double, at index: Int) {
            if share < self.share { (self.share, self.index) = (share, index) }
        }
    }

    private var ofRequests = Tightest()
    private var ofTokens = Tightest()
    private var ofTimed = Tightest()

    var requests: Int { ofRequests.index }
    var tokens: Int { ofTokens.index }
    var timed: Int { ofTimed.index }

    @inline(__always)
    init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding]) {
        var index = -1
        scopes.visit { _, _, bound in
            index += 1
            guard !bound.isWarnOnly else { return }
            let share = bound.share(of: holdings[index].left) - (holdings[index].isShort ? 2 : 0)
            switch bound.measure {
            case .requests: ofRequests.look(share, at: index)
            case .tokens: ofTokens.look(share, at: index)
            case .bodyBytes: break
            case .cost, .concurrent: return
            }
            ofTimed.look(share, at: index)
        }
    }
}

extension Permit {
    /// Tells of the tightest rule of each family.
    ///
    /// Compares first and makes entries of what is told only: this runs for every answer.
    func forEachLimit(_ body: (LimitReport.Family, LimitReport.Entry) -> Void) {
        let tightest = TightestRules(scopes, holdings)
        tell(of: tightest.requests, .requests, body, andTimed: tightest.requests == tightest.timed)
        tell(of: tightest.tokens, .tokens, body, andTimed: tightest.tokens == tightest.timed)
        guard tightest.timed != tightest.requests, tightest.timed != tightest.tokens else { return }
        tell(of: tightest.timed, .timed, body)
    }

    @inline(__always)
    private func tell(
        of index: Int,
        _ family: LimitReport.Family,
        _ body: (LimitReport.Family, LimitReport.Entry) -> Void,
        andTimed isTimed: Bool = false
    ) {
        guard index >= 0, let (scope, number) = scopes.rule(at: index) else { return }
        let entry = LimitReport.Entry(holdings[index], scope.bounds[number], scope.words[number])
        body(family, entry)
        if isTimed { body(.timed, entry) }
    }

    /// Rules that would have refused if they did not only warn.
    var warnings: [String] {
        holdings.contains(where: \.isShort) ? scopes.warnings(holdings) : []
    }
}

extension UsageScopes {
    fileprivate func warnings(_ holdings: [Ledger.Holding]) -> [String] {
        var warnings: [String] = []
        var index = -1
        visit { scope, number, bound in
            index += 1
            if bound.isWarnOnly, holdings[index].isShort { warnings.append(scope.words[number].policy) }
        }
        return warnings
    }

    fileprivate func entry(at index: Int, _ holdings: [Ledger.Holding]) -> LimitReport.Entry? {
        guard index >= 0, let (scope, number) = rule(at: index) else { return nil }
        return LimitReport.Entry(holdings[index], scope.bounds[number], scope.words[number])
    }
}

extension LimitReport {
    /// What the rules had left when one of them refused, in words and numbers for callers.
    ///
    /// - Parameter refusal: the rule that is named, and for how many nanoseconds it lets the request wait: `RateLimit` tells
    ///   of that rule, and of the moment that `Retry-After` means; of money and concurrency it cannot tell.
    convenience init(_ scopes: UsageScopes, _ holdings: [Ledger.Holding], refusal: (index: Int, wait: Int64)) {
        let tightest = TightestRules(scopes, holdings)
        self.init(
            requests: scopes.entry(at: tightest.requests, holdings),
            tokens: scopes.entry(at: tightest.tokens, holdings),
            timed: Self.timed(scopes.entry(at: refusal.index, holdings), resetAfter: refusal.wait),
            warnings: scopes.warnings(holdings)
        )
    }

    /// A refusing rule's entry; `nil` of those that have no window or are not told.
    private static func timed(_ entry: Entry?, resetAfter: Int64) -> Entry? {
        guard let entry, entry.words.measure != .cost, entry.window != nil else { return nil }
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
