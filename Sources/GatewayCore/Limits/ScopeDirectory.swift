/// Finds scopes and counters by what they are on.
///
/// What nobody else holds is forgotten at the next sweep. Not weak references, for these would make every request pay:
/// retaining an object that has one goes through a side table and takes several times as long.
struct ScopeDirectory {
    private var scopes: [UsageSubject: UsageScope] = [:]
    private var meters: [MeterKey: Meter] = [:]
    private var ledgers: [String: TenantLedger] = [:]
    private var version: Int64 = 0
    /// Entries at which the next sweep for forgotten ones pays.
    private var nextSweep = 64

    var all: [UsageScope] { Array(scopes.values) }
    /// How many objects are held.
    var count: Int { scopes.count + meters.count + ledgers.count }

    /// The scope of a subject that some snapshot still has.
    mutating func scope(of subject: UsageSubject) -> UsageScope? {
        guard let index = scopes.index(forKey: subject) else { return nil }
        guard isKnownUniquelyReferenced(&scopes.values[index]) else { return scopes.values[index] }
        scopes.remove(at: index)
        return nil
    }

    mutating func scope(
        _ subject: UsageSubject,
        _ rules: UsageRules,
        wall: Int64,
        history: UsageRegistry.History,
        onThreshold: @escaping @Sendable (QuotaEvent) -> Void
    ) -> UsageScope {
        if let known = scope(of: subject), known.rules == rules { return known }
        sweep()
        version += 1
        let ledger = ledger(of: subject.tenant, onThreshold: onThreshold)
        var used: Set<MeterKey> = []
        var hasNewQuota = false
        var found: [Meter] = []
        for rule in rules.limits {
            found.append(meter(MeterKey(subject, rule), &used) { Meter(limit: rule, in: ledger) }.meter)
        }
        for rule in rules.quotas {
            let (meter, isNew) = meter(MeterKey(subject, rule), &used) { Meter(quota: rule, in: ledger, at: wall) }
            found.append(meter)
            hasNewQuota = hasNewQuota || isNew
        }
        let scope = UsageScope(subject, rules, ledger, found, version: version)
        if hasNewQuota { scope.restore(history(subject, scope.earliestWindow)) }
        scopes[subject] = scope
        return scope
    }

    /// Drops scopes and counters, whoever holds them: they go on with theirs, and the next of that name gets others.
    ///
    /// A ledger stays: a request under way may hold scopes of before together with scopes of now, and both count in one.
    mutating func forget(_ gone: Set<UsageSubject>) {
        func stays(_ subject: UsageSubject) -> Bool {
            !gone.contains(subject) && !gone.contains(.tenant(subject.tenant))
        }
        scopes = scopes.filter { stays($0.key) }
        meters = meters.filter { stays($0.key.subject) }
    }

    private mutating func ledger(
        of tenant: String,
        onThreshold: @escaping @Sendable (QuotaEvent) -> Void
    ) -> TenantLedger {
        if let known = ledgers[tenant] { return known }
        let ledger = TenantLedger(onThreshold: onThreshold)
        ledgers[tenant] = ledger
        return ledger
    }

    /// - Returns: the counter, and whether it has missed what was used before now.
    private mutating func meter(
        _ key: MeterKey,
        _ used: inout Set<MeterKey>,
        make: () -> Meter
    ) -> (meter: Meter, isNew: Bool) {
        var key = key
        while !used.insert(key).inserted { key.ordinal += 1 }
        if let index = meters.index(forKey: key) {
            let isUnused = isKnownUniquelyReferenced(&meters.values[index])
            return (meters.values[index], isUnused)
        }
        let meter = make()
        meters[key] = meter
        return (meter, true)
    }

    private mutating func sweep() {
        guard count >= nextSweep else { return }
        Self.forget(&scopes)
        Self.forget(&meters)
        Self.forget(&ledgers)
        nextSweep = max(64, 2 * count)
    }

    /// Drops what only the directory holds; nobody can come to hold it meanwhile but through the directory.
    private static func forget<Key, Object: AnyObject>(_ objects: inout [Key: Object]) {
        var unused: [Key] = []
        // Not `indices`: it holds a copy of the dictionary, and then every object is referenced twice.
        var index = objects.startIndex
        while index != objects.endIndex {
            if isKnownUniquelyReferenced(&objects.values[index]) { unused.append(objects.keys[index]) }
            objects.formIndex(after: &index)
        }
        for key in unused { objects[key] = nil }
    }
}

extension Meter {
    fileprivate convenience init(limit rule: LimitRule, in ledger: TenantLedger) {
        let place = ledger.add { ledger in
            switch (rule.measure, rule.isByAddress) {
            case (.concurrent, false): .running(ledger.running.add(0))
            case (.concurrent, true): .runningByAddress(ledger.runningByAddress.add(AddressTable(whole: 0)))
            case (_, false): .rate(ledger.rates.add(RateCounter()))
            case (_, true): .rateByAddress(ledger.ratesByAddress.add(AddressTable(whole: RateCounter())))
            }
        }
        self.init(ledger, place)
    }

    fileprivate convenience init(quota rule: QuotaRule, in ledger: TenantLedger, at wall: Int64) {
        let counter = QuotaCounter(QuotaCalendar(rule.window, timeZone: rule.timeZone), at: wall)
        self.init(ledger, ledger.add { .quota($0.quotas.add(counter)) })
    }
}
