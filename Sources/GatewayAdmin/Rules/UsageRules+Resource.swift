import GatewayAPI
import GatewayCore

extension UsageRules {
    /// What limits and quotas on the wire describe; whether the amounts make sense is the store's to judge.
    init(limits: [LimitResource], quotas: [QuotaResource]) throws(APIError) {
        self.init()
        for (index, limit) in limits.enumerated() {
            self.limits.append(try LimitRule(limit, place: "rateLimits[\(index)]"))
        }
        for (index, quota) in quotas.enumerated() {
            self.quotas.append(try QuotaRule(quota, place: "quotas[\(index)]"))
        }
    }

    var limitResources: [LimitResource] { limits.map(LimitResource.init) }
    var quotaResources: [QuotaResource] { quotas.map(QuotaResource.init) }
}

extension LimitRule {
    fileprivate init(_ limit: LimitResource, place: String) throws(APIError) {
        let measures: [(LimitRule.Measure, Int64?)] = [
            (.requests, limit.requests), (.tokens, limit.tokens), (.concurrent, limit.concurrent),
            (.bodyBytes, limit.bodyBytes),
        ]
        let given = measures.compactMap { measure, amount in amount.map { (measure, $0) } }
        guard given.count == 1, let (measure, amount) = given.first else {
            let names = Measure.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalid, "\(place): exactly one of \(names) is needed", target: place)
        }
        let period = limit.per.flatMap { Period(rawValue: $0.lowercased()) }
        guard (period == nil) == (limit.per == nil), (measure == .concurrent) == (limit.per == nil) else {
            let rule = measure == .concurrent ? "concurrent takes no per" : "per must be second, minute or hour"
            throw APIError(.invalid, "\(place): \(rule)", target: "\(place).per")
        }
        guard limit.by == nil || limit.by == "address" else {
            throw APIError(.invalid, "\(place): by must be address, or be left out", target: "\(place).by")
        }
        self.init(
            measure,
            amount,
            per: period,
            burst: limit.burst,
            isByAddress: limit.by != nil,
            isWarnOnly: limit.warnOnly
        )
    }
}

extension QuotaRule {
    fileprivate init(_ quota: QuotaResource, place: String) throws(APIError) {
        let measures: [(QuotaRule.Measure, Int64?)] = [
            (.requests, quota.requests), (.tokens, quota.tokens), (.cost, quota.cost?.millionths),
        ]
        let given = measures.compactMap { measure, amount in amount.map { (measure, $0) } }
        guard given.count == 1, let (measure, amount) = given.first else {
            let names = Measure.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalid, "\(place): exactly one of \(names) is needed", target: place)
        }
        guard let window = Window(rawValue: quota.per.lowercased()) else {
            throw APIError(.invalid, "\(place): per must be day, week or month", target: "\(place).per")
        }
        self.init(measure, amount, per: window, timeZone: quota.timeZone, isWarnOnly: quota.warnOnly)
    }
}

extension LimitResource {
    fileprivate init(_ rule: LimitRule) {
        self.init(per: rule.period?.rawValue)
        switch rule.measure {
        case .requests: requests = rule.amount
        case .tokens: tokens = rule.amount
        case .concurrent: concurrent = rule.amount
        case .bodyBytes: bodyBytes = rule.amount
        }
        burst = rule.burst
        by = rule.isByAddress ? "address" : nil
        warnOnly = rule.isWarnOnly
    }
}

extension QuotaResource {
    fileprivate init(_ rule: QuotaRule) {
        self.init(per: rule.window.rawValue, timeZone: rule.timeZone, warnOnly: rule.isWarnOnly)
        switch rule.measure {
        case .requests: requests = rule.amount
        case .tokens: tokens = rule.amount
        case .cost: cost = Money(millionths: rule.amount)
        }
    }
}
