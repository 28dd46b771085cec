/// What a set of limits and quotas is on.
package enum UsageSubject: Sendable, Hashable {
    case tenant(String)
    case endpoint(tenant: String, endpoint: String)
    case deployment(tenant: String, endpoint: String, deployment: String)
    /// By the caller's label, as receipts write it.
    case caller(tenant: String, label: String)

    package var tenant: String {
        switch self {
        case .tenant(let tenant), .endpoint(let tenant, _), .deployment(let tenant, _, _), .caller(let tenant, _):
            tenant
        }
    }
}

/// The limits and quotas of one subject, with their counters; the same object in every snapshot while the rules are the same.
package final class UsageScope: Sendable {
    package let subject: UsageSubject
    package let rules: UsageRules
    let ledger: TenantLedger
    /// One for each rule, limits first; `meters` and `words` have the same order.
    let bounds: [Bound]
    let meters: [Meter]
    let words: [RuleWords]

    init(_ subject: UsageSubject, _ rules: UsageRules, _ ledger: TenantLedger, _ meters: [Meter], version: Int64) {
        self.subject = subject
        self.rules = rules
        self.ledger = ledger
        self.meters = meters
        let limits = rules.limits.enumerated().map { Bound($1, at: meters[$0].place, version: version) }
        let quotas = rules.quotas.enumerated().map {
            Bound($1, at: meters[rules.limits.count + $0].place, version: version)
        }
        bounds = limits + quotas
        words = rules.limits.map { RuleWords($0, of: subject) } + rules.quotas.map { RuleWords($0, of: subject) }
    }
}

/// Everything that counts one request; `nil` where nothing is limited.
package struct UsageScopes: Sendable {
    package var tenant: UsageScope?
    package var endpoint: UsageScope?
    package var deployment: UsageScope?
    package var caller: UsageScope?

    package init(
        tenant: UsageScope? = nil,
        endpoint: UsageScope? = nil,
        deployment: UsageScope? = nil,
        caller: UsageScope? = nil
    ) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.deployment = deployment
        self.caller = caller
    }

    package var isEmpty: Bool { tenant == nil && endpoint == nil && deployment == nil && caller == nil }

    /// Whether a rule that refuses counts this, so that it must be known beforehand.
    func count(_ measure: LimitReport.Measure) -> Bool {
        [tenant, endpoint, deployment, caller].contains { scope in
            scope?.bounds.contains { $0.measure == measure && !$0.isWarnOnly } ?? false
        }
    }

    /// The one ledger of the one tenant that all scopes belong to.
    var ledger: TenantLedger? { tenant?.ledger ?? endpoint?.ledger ?? deployment?.ledger ?? caller?.ledger }

    var boundCount: Int {
        (tenant?.bounds.count ?? 0) + (endpoint?.bounds.count ?? 0) + (deployment?.bounds.count ?? 0)
            + (caller?.bounds.count ?? 0)
    }

    /// The rule that `visit` comes to at this place.
    func rule(at index: Int) -> (scope: UsageScope, number: Int)? {
        var number = index
        func find(_ scope: UsageScope?) -> UsageScope? {
            guard let scope else { return nil }
            if number < scope.bounds.count { return scope }
            number -= scope.bounds.count
            return nil
        }
        let scope = find(tenant) ?? find(endpoint) ?? find(deployment) ?? find(caller)
        return scope.map { ($0, number) }
    }

    /// Every rule, always in the same order, with its number in its scope.
    @inline(__always)
    func visit(_ body: (UsageScope, Int, Bound) -> Void) {
        if let tenant { tenant.visit(body) }
        if let endpoint { endpoint.visit(body) }
        if let deployment { deployment.visit(body) }
        if let caller { caller.visit(body) }
    }
}

extension UsageScope {
    @inline(__always)
    fileprivate func visit(_ body: (UsageScope, Int, Bound) -> Void) {
        for index in bounds.indices { body(self, index, bounds[index]) }
    }
}
