/// Requests that wait for a slot, in fair order: the tenant that had the fewest tokens for its weight comes first, and within
/// a tenant the request whose time is over first.
///
/// A weighted fair queue whose virtual time is the tokens that were computed, prompts and answers alike. One that is new, or
/// that comes back behind the others, starts where they are now; one that had more keeps that, so that asking again at
/// once wins nothing.
struct FairOrder {
    private struct Tenant {
        /// Tokens that it had, times `unit`, by its weight.
        var time = 0
        var weight = 1
        /// Its requests that have a slot.
        var seats = 0
        /// By what is due first, then by arrival.
        var waiting: [Schedule.Job] = []

        var isActive: Bool { seats > 0 || !waiting.isEmpty }
        /// Requests for its weight; compared crosswise.
        func hasMore(than other: Tenant) -> Bool {
            (seats + waiting.count) * other.weight > (other.seats + other.waiting.count) * weight
        }
    }

    /// Divisible by every weight up to 16; a request of a million tokens moves a tenant by less than 2^40, and the times
    /// begin anew whenever nobody waits or is served.
    private static let unit = 720_720
    /// Tenants without a request whose times are remembered.
    private static let idleKept = 256

    private var tenants: [String: Tenant] = [:]
    private(set) var count = 0
    /// Tenants that are remembered.
    var known: Int { tenants.count }

    mutating func add(_ job: Schedule.Job) {
        let floor = floor
        forgetIdle(below: floor)
        var tenant = tenants.removeValue(forKey: job.terms.tenant) ?? Tenant()
        if !tenant.isActive { tenant.time = max(tenant.time, floor ?? 0) }
        tenant.weight = job.terms.weight
        // Nearly always at the end.
        let place = tenant.waiting.lastIndex { !job.isDue(before: $0) }.map { $0 + 1 } ?? 0
        tenant.waiting.insert(job, at: place)
        tenants[job.terms.tenant] = tenant
        count += 1
    }

    /// The next one for a slot, which its tenant has from now on.
    mutating func next() -> Schedule.Job? {
        guard let name = first(), var tenant = tenants.removeValue(forKey: name) else { return nil }
        let job = tenant.waiting.removeFirst()
        tenant.seats += 1
        tenants[name] = tenant
        count -= 1
        return job
    }

    /// Tokens were computed for a tenant.
    mutating func charge(_ name: String, _ tokens: Int) {
        guard let weight = tenants[name]?.weight else { return }
        tenants[name]?.time += tokens * Self.unit / weight
    }

    /// A tenant gives a slot back.
    mutating func leave(_ name: String) {
        tenants[name]?.seats -= 1
    }

    /// Takes out one that waits no longer.
    mutating func remove(_ ticket: Ticket) {
        _ = removeAll { $0.ticket == ticket }
    }

    /// Takes out those whose time is over.
    mutating func removeOverdue(at now: ContinuousClock.Instant) -> [Schedule.Job] {
        removeAll { $0.terms.deadline.map { $0 <= now } ?? false }
    }

    /// Takes out the last one of the tenant that has the most requests for its weight.
    mutating func removeLastOfLongest() -> Schedule.Job? {
        let waiting = tenants.filter { !$0.value.waiting.isEmpty }
        guard let name = waiting.max(by: { $1.value.hasMore(than: $0.value) })?.key else { return nil }
        count -= 1
        return tenants[name]?.waiting.removeLast()
    }

    private mutating func removeAll(where isMeant: (Schedule.Job) -> Bool) -> [Schedule.Job] {
        var removed: [Schedule.Job] = []
        for (name, tenant) in tenants {
            let gone = tenant.waiting.filter(isMeant)
            guard !gone.isEmpty else { continue }
            tenants[name]?.waiting.removeAll(where: isMeant)
            removed += gone
        }
        count -= removed.count
        return removed
    }

    /// The least time of those that wait or are served.
    private var floor: Int? { tenants.values.lazy.filter(\.isActive).map(\.time).min() }

    /// Of equals who has fewer requests for its weight, then who came first.
    private func first() -> String? {
        tenants.filter { !$0.value.waiting.isEmpty }.min { one, other in
            let (one, other) = (one.value, other.value)
            if one.time != other.time { return one.time < other.time }
            if one.hasMore(than: other) || other.hasMore(than: one) { return other.hasMore(than: one) }
            return one.waiting[0].ticket.number < other.waiting[0].ticket.number
        }?.key
    }

    private mutating func forgetIdle(below floor: Int?) {
        guard let floor else { return tenants = [:] }
        guard tenants.count > Self.idleKept else { return }
        tenants = tenants.filter { $0.value.isActive || $0.value.time > floor }
        if tenants.count > 2 * Self.idleKept { tenants = tenants.filter { $0.value.isActive } }
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
