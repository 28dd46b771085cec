/// A quota that passed 80 % or 100 %, told once for each window.
package struct QuotaEvent: Sendable, Equatable {
    package let subject: UsageSubject
    package let measure: QuotaRule.Measure
    package let window: QuotaRule.Window
    package let timeZone: String
    /// 80 or 100.
    package let percent: Int64
    /// What was really used.
    ///
    /// It may be less than the amount at 100 %: a quota that refused a request after 80 % is at its end, because
    /// estimates rarely fit it to the last token.
    package let used: Int64
    package let amount: Int64
    /// Seconds since 1970; the end is the first second of the next window.
    package let windowStart: Int64
    package let windowEnd: Int64
}

extension QuotaEvent {
    /// - Parameter number: of the rule in its scope.
    init(_ scope: UsageScope, _ number: Int, _ percent: Int64, _ counter: QuotaCounter) {
        let rule = scope.rules.quotas[number - scope.rules.limits.count]
        subject = scope.subject
        measure = rule.measure
        window = rule.window
        timeZone = rule.timeZone
        self.percent = percent
        used = counter.used.clamped
        amount = counter.amount
        windowStart = counter.window.start
        windowEnd = counter.window.end
    }
}
