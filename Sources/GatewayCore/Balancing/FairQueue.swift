/// What waits, in fair order: tenants take turns, and within a tenant its callers do, however many each has waiting.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996) on two levels, every element with the same weight: each lane has the
/// virtual time at which its next element starts; the earliest is served. One that comes back keeps its time, so that
/// asking again at once wins nothing; one that is new starts now.
package struct FairQueue<Element> {
    /// Whose an element is.
    package struct Flow: Hashable, Sendable {
        package let tenant: String
        package let caller: String

        package init(tenant: String, caller: String) {
            self.tenant = tenant
            self.caller = caller
        }
    }

    /// What became of an element that wanted to wait.
    package enum Entry {
        case waits
        /// It waits, in the place of the last element of who had the most.
        case displaces(Element)
        /// There is no room: no tenant has more waiting than its own, and none of its callers more than its own.
        case full
    }

    private struct Waiting {
        let number: Int
        let element: Element
    }

    private struct Lane {
        var start = 0
        var waiting: [Waiting] = []
    }

    private struct Tenant {
        var start = 0
        var clock = 0
        var count = 0
        var lanes: [String: Lane] = [:]
    }

    package let bound: Int
    private var tenants: [String: Tenant] = [:]
    private var clock = 0
    package private(set) var count = 0

    package init(bound: Int) {
        self.bound = bound
    }

    /// - Parameter number: names the element for `remove`; unique.
    package mutating func add(_ element: Element, number: Int, of flow: Flow) -> Entry {
        var displaced: Element?
        if count >= bound {
            displaced = makeRoom(for: flow)
            guard displaced != nil else { return .full }
        }
        forgetIdle()
        var tenant = tenants.removeValue(forKey: flow.tenant) ?? Tenant()
        if tenant.count == 0 { tenant.start = max(tenant.start, clock) }
        var lane = tenant.lanes.removeValue(forKey: flow.caller) ?? Lane()
        if lane.waiting.isEmpty { lane.start = max(lane.start, tenant.clock) }
        lane.waiting.append(Waiting(number: number, element: element))
        tenant.lanes[flow.caller] = lane
        tenant.count += 1
        tenants[flow.tenant] = tenant
        count += 1
        return displaced.map { .displaces($0) } ?? .waits
    }

    /// The element whose turn it is, of those that fit now; it stays until it is removed by `serve`.
    ///
    /// - Parameters:
    ///   - kind: elements of one kind fit alike, and are asked about once.
    package func next<Kind: Hashable>(
        of kind: (Element) -> Kind,
        where fits: (Element) -> Bool
    ) -> (flow: Flow, element: Element)? {
        var answers: [Kind: Bool] = [:]
        func isFitting(_ element: Element) -> Bool {
            let kind = kind(element)
            if let answer = answers[kind] { return answer }
            let answer = fits(element)
            answers[kind] = answer
            return answer
        }
        var best: (flow: Flow, element: Element, order: Order)?
        for (name, tenant) in tenants where tenant.count > 0 {
            for (caller, lane) in tenant.lanes {
                guard let first = lane.waiting.first else { continue }
                let order = Order(
                    tenant: (tenant.start, tenant.count),
                    lane: (lane.start, lane.waiting.count),
                    first.number
                )
                if let best, !(order < best.order) { continue }
                guard isFitting(first.element) else { continue }
                best = (Flow(tenant: name, caller: caller), first.element, order)
            }
        }
        return best.map { ($0.flow, $0.element) }
    }

    /// The first element of a flow is served: its lanes move on.
    package mutating func serve(_ flow: Flow) {
        guard var tenant = tenants[flow.tenant], var lane = tenant.lanes[flow.caller], !lane.waiting.isEmpty else {
            return
        }
        tenants[flow.tenant] = nil
        tenant.lanes[flow.caller] = nil
        lane.waiting.removeFirst()
        clock = max(clock, tenant.start)
        tenant.clock = max(tenant.clock, lane.start)
        tenant.start += 1
        lane.start += 1
        tenant.count -= 1
        tenant.lanes[flow.caller] = lane
        tenants[flow.tenant] = tenant
        count -= 1
    }

    /// Somebody does not wait any longer.
    ///
    /// - Returns: whether it was still there.
    package mutating func remove(number: Int, of flow: Flow) -> Bool {
        // Those who give up are nearly always the first that came.
        guard let index = tenants[flow.tenant]?.lanes[flow.caller]?.waiting.firstIndex(where: { $0.number == number })
        else { return false }
        tenants[flow.tenant]?.lanes[flow.caller]?.waiting.remove(at: index)
        tenants[flow.tenant]?.count -= 1
        count -= 1
        return true
    }

    /// Takes out all that are meant, whoever's turn it is.
    package mutating func removeAll(where isMeant: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for (name, tenant) in tenants where tenant.count > 0 {
            for (caller, lane) in tenant.lanes {
                let gone = lane.waiting.filter { isMeant($0.element) }
                guard !gone.isEmpty else { continue }
                let numbers = Set(gone.map(\.number))
                tenants[name]?.lanes[caller]?.waiting.removeAll { numbers.contains($0.number) }
                tenants[name]?.count -= gone.count
                count -= gone.count
                removed += gone.map(\.element)
            }
        }
        return removed
    }

    /// How many flows are remembered.
    package var lanes: Int { tenants.values.reduce(0) { $0 + $1.lanes.count } }

    private var longestTenant: (name: String, count: Int)? {
        tenants.max { $0.value.count < $1.value.count }.map { ($0.key, $0.value.count) }
    }

    /// Of the tenant that has the most, else of the caller of its own tenant that has.
    private mutating func makeRoom(for flow: Flow) -> Element? {
        let own = tenants[flow.tenant]
        if let longest = longestTenant, longest.count > (own?.count ?? 0) + 1 { return removeLast(of: longest.name) }
        let longest = own?.lanes.values.map(\.waiting.count).max() ?? 0
        guard longest > (own?.lanes[flow.caller]?.waiting.count ?? 0) + 1 else { return nil }
        return removeLast(of: flow.tenant)
    }

    private mutating func removeLast(of name: String) -> Element? {
        guard let lane = tenants[name]?.lanes.max(by: { $0.value.waiting.count < $1.value.waiting.count })?.key else {
            return nil
        }
        count -= 1
        tenants[name]?.count -= 1
        return tenants[name]?.lanes[lane]?.waiting.popLast()?.element
    }

    /// Lanes without elements are kept only while their time is ahead of the others', and only so many.
    private mutating func forgetIdle() {
        if count == 0 { (tenants, clock) = ([:], 0) }
        let room = 2 * count + Self.idleKept
        if tenants.count > room {
            let kept = tenants.filter { $0.value.count > 0 || $0.value.start > clock }
            tenants = kept.count > room ? kept.filter { $0.value.count > 0 } : kept
        }
        for (name, tenant) in tenants where tenant.lanes.count > 2 * tenant.count + Self.idleKept {
            let kept = tenant.lanes.filter { !$0.value.waiting.isEmpty || $0.value.start > tenant.clock }
            let isMuch = kept.count > 2 * tenant.count + Self.idleKept
            tenants[name]?.lanes = isMuch ? kept.filter { !$0.value.waiting.isEmpty } : kept
        }
    }

    private static var idleKept: Int { 64 }
}

/// Where an element stands: at equal times who has less waiting comes first.
private struct Order {
    let tenant: (start: Int, count: Int)
    let lane: (start: Int, count: Int)
    let number: Int

    init(tenant: (start: Int, count: Int), lane: (start: Int, count: Int), _ number: Int) {
        self.tenant = tenant
        self.lane = lane
        self.number = number
    }

    static func < (one: Order, other: Order) -> Bool {
        (one.tenant.start, one.tenant.count, one.lane.start, one.lane.count, one.number)
            < (other.tenant.start, other.tenant.count, other.lane.start, other.lane.count, other.number)
    }
}
