/// Requests that wait for a slot, in fair order: the tenant that had the fewest tokens for its weight comes first, within a
/// tenant the caller that had the fewest, and of a caller's the request whose time is over first.
///
/// A weighted fair queue on two levels whose virtual time is the tokens that were computed, prompts and answers alike. One
/// that is new, or that comes back behind the others, starts where they are now; one that had more keeps that, so that
/// asking again at once wins nothing.
struct FairOrder {
    private struct Tenant: FairParty {
        var account = FairAccount()
        var callers: [String: Caller] = [:]

        var oldest: UInt64? { callers.values.lazy.compactMap(\.oldest).min() }
    }

    private struct Caller: FairParty {
        var account = FairAccount()
        /// By what is due first, then by arrival.
        var waiting: [Schedule.Job] = []

        var oldest: UInt64? { waiting.first?.ticket.number }
    }

    private var tenants: [String: Tenant] = [:]
    private(set) var count = 0
    /// Tenants that are remembered.
    var known: Int { tenants.count }

    mutating func add(_ job: Schedule.Job) {
        var tenant = tenants.enter(job.terms.tenant, weight: job.terms.weight)
        var caller = tenant.callers.enter(job.terms.caller, weight: job.terms.callerWeight)
        // Nearly always at the end.
        let place = caller.waiting.lastIndex { !job.isDue(before: $0) }.map { $0 + 1 } ?? 0
        caller.waiting.insert(job, at: place)
        tenant.callers[job.terms.caller] = caller
        tenants[job.terms.tenant] = tenant
        count += 1
    }

    /// The next one for a slot, which its caller has from now on.
    mutating func next() -> Schedule.Job? {
        guard let name = tenants.first, var tenant = tenants.removeValue(forKey: name) else { return nil }
        defer { tenants[name] = tenant }
        guard let callerName = tenant.callers.first, var caller = tenant.callers.removeValue(forKey: callerName) else {
            return nil
        }
        let job = caller.waiting.removeFirst()
        caller.account.seat()
        tenant.account.seat()
        tenant.callers[callerName] = caller
        count -= 1
        return job
    }

    /// Tokens were computed for a request.
    mutating func charge(_ terms: WorkTerms, _ tokens: Int) {
        change(terms) { $0.charge(tokens) }
    }

    /// A request gives its slot back.
    mutating func leave(_ terms: WorkTerms) {
        change(terms) { $0.seats -= 1 }
    }

    /// Takes out one that waits no longer.
    mutating func remove(_ ticket: Ticket) {
        _ = removeAll { $0.ticket == ticket }
    }

    /// Takes out those whose time is over.
    mutating func removeOverdue(at now: ContinuousClock.Instant) -> [Schedule.Job] {
        removeAll { $0.terms.deadline.map { $0 <= now } ?? false }
    }

    /// Takes out the last one of the caller that has the most requests for its weight, of the tenant that has.
    mutating func removeLastOfLongest() -> Schedule.Job? {
        guard let name = tenants.longest, let callerName = tenants[name]?.callers.longest,
            let job = tenants[name]?.callers[callerName]?.waiting.removeLast()
        else { return nil }
        change(job.terms) { $0.waiting -= 1 }
        count -= 1
        return job
    }

    private mutating func change(_ terms: WorkTerms, _ body: (inout FairAccount) -> Void) {
        guard tenants[terms.tenant] != nil else { return }
        body(&tenants[terms.tenant, default: Tenant()].account)
        guard tenants[terms.tenant]?.callers[terms.caller] != nil else { return }
        body(&tenants[terms.tenant, default: Tenant()].callers[terms.caller, default: Caller()].account)
    }

    private mutating func removeAll(where isMeant: (Schedule.Job) -> Bool) -> [Schedule.Job] {
        var removed: [Schedule.Job] = []
        for (name, tenant) in tenants {
            for (callerName, caller) in tenant.callers {
                let gone = caller.waiting.filter(isMeant)
                guard !gone.isEmpty else { continue }
                tenants[name]?.callers[callerName]?.waiting.removeAll(where: isMeant)
                for job in gone { change(job.terms) { $0.waiting -= 1 } }
                removed += gone
            }
        }
        count -= removed.count
        return removed
    }
}

/// What a tenant, or a caller of it, had and has.
private struct FairAccount {
    /// Divisible by every weight up to 16; a request of a million tokens moves a tenant by less than 2^40, and the times
    /// begin anew whenever nobody waits or is served.
    private static let unit = 720_720

    /// Tokens that it had, times `unit`, by its weight.
    var time = 0
    var weight = 1
    /// Its requests that have a slot.
    var seats = 0
    var waiting = 0

    var isActive: Bool { seats > 0 || waiting > 0 }

    mutating func seat() {
        waiting -= 1
        seats += 1
    }

    mutating func charge(_ tokens: Int) { time += tokens * Self.unit / weight }

    /// Requests for its weight; compared crosswise.
    func hasMore(than other: Self) -> Bool {
        (seats + waiting) * other.weight > (other.seats + other.waiting) * weight
    }
}

/// Who shares with others of its kind.
private protocol FairParty {
    var account: FairAccount { get set }
    /// The number of the request that is its next.
    var oldest: UInt64? { get }

    init()
}

extension Dictionary where Key == String, Value: FairParty {
    /// Parties without a request whose times are remembered.
    private static var idleKept: Int { 256 }

    /// Takes a party out, with one more request that waits.
    fileprivate mutating func enter(_ name: String, weight: Int) -> Value {
        let floor = values.lazy.filter(\.account.isActive).map(\.account.time).min()
        forgetIdle(below: floor)
        var party = removeValue(forKey: name) ?? Value()
        if !party.account.isActive { party.account.time = Swift.max(party.account.time, floor ?? 0) }
        party.account.weight = weight
        party.account.waiting += 1
        return party
    }

    /// Whose turn it is; of equals who has fewer requests for its weight, then who came first.
    fileprivate var first: String? {
        filter { $0.value.account.waiting > 0 }.min { one, other in
            let (left, right) = (one.value.account, other.value.account)
            if left.time != right.time { return left.time < right.time }
            if left.hasMore(than: right) || right.hasMore(than: left) { return right.hasMore(than: left) }
            return one.value.oldest ?? .max < other.value.oldest ?? .max
        }?.key
    }

    /// Who has the most requests for its weight, of those that have one waiting.
    fileprivate var longest: String? {
        filter { $0.value.account.waiting > 0 }.max { $1.value.account.hasMore(than: $0.value.account) }?.key
    }

    private mutating func forgetIdle(below floor: Int?) {
        guard let floor else { return self = [:] }
        guard count > Self.idleKept else { return }
        self = filter { $0.value.account.isActive || $0.value.account.time > floor }
        if count > 2 * Self.idleKept { self = filter { $0.value.account.isActive } }
    }
}

extension Schedule.Job {
    /// How long a request without a deadline lets those with one go first.
    private static let patience = Duration.seconds(60)

    private var due: ContinuousClock.Instant { terms.deadline ?? arrived + Self.patience }

    fileprivate func isDue(before other: Schedule.Job) -> Bool {
        due == other.due ? ticket.number < other.ticket.number : due < other.due
    }
}
