import GatewayCore

/// What is wrong with the limits, quotas or price of one resource.
struct RulesCheck {
    /// Amounts beyond this are no limits, and sums of them would not fit a number.
    private static let largest: Int64 = 1_000_000_000_000_000
    private static let mostRules = 32

    /// Whether rules may count each client address by itself.
    let allowsByAddress: Bool

    func check(_ rules: UsageRules, in findings: inout Findings) {
        findings.checkList(rules.limits, "rateLimits", atMost: Self.mostRules)
        findings.checkList(rules.quotas, "quotas", atMost: Self.mostRules)
        for (index, rule) in rules.limits.enumerated() { check(rule, "rateLimits[\(index)]", in: &findings) }
        for (index, rule) in rules.quotas.enumerated() { check(rule, "quotas[\(index)]", in: &findings) }
    }

    private func check(_ rule: LimitRule, _ field: String, in findings: inout Findings) {
        let isAmountRight = (1...Self.largest).contains(rule.amount)
        if !isAmountRight { findings.note(.invalidLimit, "\(field).amount", "must be 1 to \(Self.largest)") }
        if rule.measure == .concurrent, rule.period != nil {
            findings.note(.invalidLimit, "\(field).per", "concurrent counts what runs at once; take per away")
        }
        if rule.measure != .concurrent, rule.period == nil {
            findings.note(.invalidLimit, "\(field).per", "is missing; say second, minute or hour")
        }
        if let burst = rule.burst, rule.measure == .concurrent {
            findings.note(.invalidLimit, "\(field).burst", "concurrent has no burst; take \(burst) away")
        } else if let burst = rule.burst, isAmountRight, !(1...rule.amount).contains(burst) {
            findings.note(.invalidLimit, "\(field).burst", "must be 1 to the amount, \(rule.amount)")
        }
        if rule.isByAddress, !allowsByAddress {
            let message = "limits by client address are for tenants, endpoints and keys; set it on the endpoint"
            findings.note(.invalidLimit, "\(field).by", message)
        }
    }

    private func check(_ rule: QuotaRule, _ field: String, in findings: inout Findings) {
        if !(1...Self.largest).contains(rule.amount) {
            findings.note(.invalidQuota, "\(field).amount", "must be 1 to \(Self.largest)")
        }
        if !Self.isTimeZone(rule.timeZone) {
            let message = "is no time zone of this machine; use an IANA name such as Europe/Berlin"
            findings.note(.invalidQuota, "\(field).timeZone", message)
        }
    }

    func check(_ price: Price?, in findings: inout Findings) {
        guard let price else { return }
        let parts = [
            ("perThousandInputTokens", price.perThousandInputTokens),
            ("perThousandOutputTokens", price.perThousandOutputTokens), ("perRequest", price.perRequest),
        ]
        for (name, amount) in parts where !(0...Self.largest).contains(amount) {
            findings.note(.invalidPrice, "price.\(name)", "must be 0 to \(Self.largest) millionths")
        }
    }

    /// The name is looked up among files, so it is held to their form first.
    static func isTimeZone(_ name: String) -> Bool {
        let isForm =
            (1...64).contains(name.utf8.count)
            && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                part.first?.isLetter == true
                    && part.utf8.allSatisfy {
                        TextRule.isAlphanumeric($0) || $0 == 0x2b || $0 == 0x2d || $0 == 0x5f
                    }
            }
        return isForm && QuotaCalendar.isKnown(timeZone: name)
    }
}
