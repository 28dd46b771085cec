import GatewayCore

/// A limit, as it is stored.
struct StoredLimit: Codable {
    let measure: String
    let amount: Int64
    let per: String?
    let burst: Int64?
    /// `address`, or nothing.
    let by: String?
    let warnOnly: Bool?

    init(_ rule: LimitRule) {
        measure = rule.measure.rawValue
        amount = rule.amount
        per = rule.period?.rawValue
        burst = rule.burst
        by = rule.isByAddress ? "address" : nil
        warnOnly = rule.isWarnOnly ? true : nil
    }

    var rule: LimitRule? {
        guard let measure = LimitRule.Measure(rawValue: measure) else { return nil }
        let period = per.flatMap(LimitRule.Period.init(rawValue:))
        guard per == nil || period != nil, by == nil || by == "address" else { return nil }
        return LimitRule(
            measure,
            amount,
            per: period,
            burst: burst,
            isByAddress: by != nil,
            isWarnOnly: warnOnly ?? false
        )
    }
}

/// A quota, as it is stored.
struct StoredQuota: Codable {
    let measure: String
    let amount: Int64
    let per: String
    let timeZone: String
    let warnOnly: Bool?

    init(_ rule: QuotaRule) {
        measure = rule.measure.rawValue
        amount = rule.amount
        per = rule.window.rawValue
        timeZone = rule.timeZone
        warnOnly = rule.isWarnOnly ? true : nil
    }

    var rule: QuotaRule? {
        guard let measure = QuotaRule.Measure(rawValue: measure), let window = QuotaRule.Window(rawValue: per) else {
            return nil
        }
        return QuotaRule(measure, amount, per: window, timeZone: timeZone, isWarnOnly: warnOnly ?? false)
    }
}

/// A rule for pages of other origins, as it is stored.
struct StoredCORS: Codable {
    let origins: [String]
    let methods: [String]
    let headers: [String]
    let exposed: [String]
    let credentials: Bool
    let maxAge: Int

    init(_ rule: CORSRule) {
        origins = rule.allowedOrigins
        methods = rule.allowedMethods
        headers = rule.allowedHeaders
        exposed = rule.exposedHeaders
        credentials = rule.allowsCredentials
        maxAge = rule.maxAge
    }

    var rule: CORSRule {
        CORSRule(
            allowedOrigins: origins,
            allowedMethods: methods,
            allowedHeaders: headers,
            exposedHeaders: exposed,
            allowsCredentials: credentials,
            maxAge: maxAge
        )
    }
}

extension StoredJSON {
    /// The columns `limits` and `quotas`.
    static func columns(of rules: UsageRules) throws(StoreError) -> (limits: String, quotas: String) {
        (try list(rules.limits.map(StoredLimit.init)), try list(rules.quotas.map(StoredQuota.init)))
    }

    static func rules(limits: String, quotas: String, place: String) throws(StoreError) -> UsageRules {
        // Most of 100,000 keys have none.
        if limits == "[]", quotas == "[]" { return .none }
        let storedLimits = try value([StoredLimit].self, limits, place: place)
        let storedQuotas = try value([StoredQuota].self, quotas, place: place)
        let rules = UsageRules(limits: storedLimits.compactMap(\.rule), quotas: storedQuotas.compactMap(\.rule))
        guard rules.limits.count == storedLimits.count, rules.quotas.count == storedQuotas.count else {
            throw .unavailable("\(place) is damaged in the database")
        }
        return rules
    }

    static func list(_ values: [some Encodable]) throws(StoreError) -> String {
        values.isEmpty ? "[]" : try text(values)
    }

    static func strings(_ text: String, place: String) throws(StoreError) -> [String] {
        text == "[]" ? [] : try value([String].self, text, place: place)
    }

    static func cors(_ text: String?, place: String) throws(StoreError) -> CORSRule? {
        guard let text else { return nil }
        return try value(StoredCORS.self, text, place: place).rule
    }

    static func cors(_ rule: CORSRule?) throws(StoreError) -> String? {
        guard let rule else { return nil }
        return try text(StoredCORS(rule))
    }
}
