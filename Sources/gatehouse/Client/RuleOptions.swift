import ArgumentParser
import GatewayAPI
import GatewayCore

/// `600/minute` on the command line.
struct RateArgument: ExpressibleByArgument, Equatable {
    let amount: Int64
    /// `second`, `minute` or `hour`.
    let per: String

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let amount = Int64(parts[0]), amount > 0 else { return nil }
        let periods = LimitRule.Period.allCases.map(\.rawValue)
        guard let per = periods.first(where: { $0 == parts[1] || $0.prefix(1) == parts[1] }) else { return nil }
        self.amount = amount
        self.per = per
    }
}

/// `tokens=5000000/month` or `cost=12.50/day` on the command line.
struct QuotaArgument: ExpressibleByArgument, Equatable {
    let quota: QuotaResource

    init?(argument: String) {
        let sides = argument.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2 else { return nil }
        let parts = sides[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, QuotaRule.Window(rawValue: parts[1]) != nil else { return nil }
        var quota = QuotaResource(per: parts[1])
        switch sides[0] {
        case "requests": quota.requests = Int64(parts[0])
        case "tokens": quota.tokens = Int64(parts[0])
        case "cost": quota.cost = Money(parts[0])
        default: return nil
        }
        let amount = quota.requests ?? quota.tokens ?? quota.cost?.millionths
        guard let amount, amount > 0 else { return nil }
        self.quota = quota
    }
}

/// Limits and quotas on the command line.
struct RuleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Requests per second, minute or hour.", valueName: "600/minute"))
    var requests: [RateArgument] = []
    @Option(help: ArgumentHelp("Prompt and completion tokens per second, minute or hour.", valueName: "100000/minute"))
    var tokens: [RateArgument] = []
    @Option(help: ArgumentHelp("Bytes of request bodies per second, minute or hour.", valueName: "10000000/minute"))
    var bodyBytes: [RateArgument] = []
    @Option(help: "Requests that run at once.")
    var concurrent: Int64?
    @Option(
        help: ArgumentHelp(
            "requests, tokens or cost per calendar day, week or month.",
            valueName: "tokens=5000000/month"
        )
    )
    var quota: [QuotaArgument] = []
    @Option(help: "In which time zone a day begins, for the quotas given here, e.g. Europe/Berlin.")
    var timeZone: String?
    @Flag(help: "Count the limits given here for each client address by itself.")
    var byAddress = false
    @Option(help: "How much may come at once, for the limits per second, minute or hour given here.")
    var burst: Int64?
    @Flag(help: "Only count and report what would be refused, for what is given here.")
    var warnOnly = false

    var isEmpty: Bool {
        requests.isEmpty && tokens.isEmpty && bodyBytes.isEmpty && concurrent == nil && quota.isEmpty
    }

    func validate() throws {
        if let concurrent, concurrent < 1 { throw ValidationError("--concurrent must be at least 1") }
        if let burst, burst < 1 { throw ValidationError("--burst must be at least 1") }
        let limits = !requests.isEmpty || !tokens.isEmpty || !bodyBytes.isEmpty
        if burst != nil, !limits { throw ValidationError("--burst needs --requests, --tokens or --body-bytes") }
        if byAddress, !limits, concurrent == nil { throw ValidationError("--by-address needs a limit") }
        if timeZone != nil, quota.isEmpty { throw ValidationError("--time-zone needs --quota") }
        if warnOnly, isEmpty { throw ValidationError("--warn-only needs a limit or --quota") }
    }

    var limits: [LimitResource] {
        var limits = requests.map { LimitResource(requests: $0.amount, per: $0.per) }
        limits += tokens.map { LimitResource(tokens: $0.amount, per: $0.per) }
        limits += bodyBytes.map { LimitResource(bodyBytes: $0.amount, per: $0.per) }
        for index in limits.indices { limits[index].burst = burst }
        if let concurrent { limits.append(LimitResource(concurrent: concurrent)) }
        for index in limits.indices {
            limits[index].by = byAddress ? "address" : nil
            limits[index].warnOnly = warnOnly
        }
        return limits
    }

    var quotas: [QuotaResource] {
        quota.map { argument in
            var quota = argument.quota
            quota.timeZone = timeZone ?? quota.timeZone
            quota.warnOnly = warnOnly
            return quota
        }
    }

    /// Puts what is given in the place of rules that count the same thing, and beside all others.
    func merge(into limits: inout [LimitResource], _ quotas: inout [QuotaResource]) {
        for new in self.limits {
            limits.removeAll { $0.countsSame(as: new) }
            limits.append(new)
        }
        for new in self.quotas {
            quotas.removeAll { $0.countsSame(as: new) }
            quotas.append(new)
        }
    }
}

extension LimitResource {
    fileprivate func countsSame(as other: LimitResource) -> Bool {
        (requests == nil) == (other.requests == nil) && (tokens == nil) == (other.tokens == nil)
            && (concurrent == nil) == (other.concurrent == nil) && (bodyBytes == nil) == (other.bodyBytes == nil)
            && per == other.per && by == other.by
    }
}

extension QuotaResource {
    fileprivate func countsSame(as other: QuotaResource) -> Bool {
        (requests == nil) == (other.requests == nil) && (tokens == nil) == (other.tokens == nil)
            && (cost == nil) == (other.cost == nil) && per == other.per
    }
}
