/// What waits, in fair order: tenants take turns by their weights, and within a tenant its callers by theirs, however many
/// each has waiting.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996) on two levels: each lane has the virtual time at which its next element
/// starts; the earliest is served, and the lane moves on the less the more it weighs. One that comes back keeps its time, so
/// that asking again at once wins nothing; one that is new starts now.
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

    /// What a flow's tenant weighs beside the other tenants, and its caller beside the other callers of the tenant.
    package struct Weights: Sendable {
        package let tenant: Int
        package let caller: Int

        /// Taken to the nearest of `QueueWeight.range`.
        package init(tenant: Int = QueueWeight.standard, caller: Int = QueueWeight.standard) {
            func bounded(_ weight: Int) -> Int {
                min(max(weight, QueueWeight.range.lowerBound), QueueWeight.range.upperBound)
            }
            self.tenant = bounded(tenant)
            self.caller = bounded(caller)
        }
    }

    /// What became of an element that wanted to wait.
    package enum Entry {
        case waits
        /// It waits, in the place of the last element of who had the most for its weight.
        case displaces(Element)
        /// There is no room: no tenant has more waiting for its weight than its own would, and no caller of its tenant.
        case full
    }

    private struct Waiting {
        let number: Int
        let element: Element
    }

    private struct Lane {
        var start = 0
        var weight = QueueWeight.standard
        var waiting: [Waiting] = []

        var share: Share { Share(count: waiting.count, weight: weight) }
    }

    private struct Tenant {
        var start = 0
        var weight = QueueWeight.standard
        var clock = 0
        var count = 0
        var lanes: [String: Lane] = [:]

        var share: Share { Share(count: count, weight: weight) }
    }

    /// How far an element takes a lane of weight 1 through virtual time.
    ///
    /// Divisible by every weight up to 16; what the division by a greater one cuts off is less than one part in 7000. The time
    /// begins anew whenever nobody waits; ten thousand elements a second without such a moment use it up in 40 years.
    private static var unit: Int { 720_720 }

    package let bound: Int
    private var tenants: [String: Tenant] = [:]
    private var clock = 0
    package private(set) var count = 0

    package init(bound: Int) {
        self.bound = bound
    }

    /// - Parameters:
    ///   - number: names the element for `remove`; unique.
    ///   - weights: hold from now on, also for those of the flow that wait already.
    package mutating func add(
        _ element: Element,
        number: Int,
        of flow: Flow,
        _ weights: Weights = Weights()
    ) -> Entry {
        var displaced: Element?
        if count >= bound {
            displaced = makeRoom(for: flow, weights)
            guard displaced != nil else { return .full }
        }
        forgetIdle()
        var tenant = tenants.removeValue(forKey: flow.tenant) ?? Tenant()
        tenant.weight = weights.tenant
        if tenant.count == 0 { tenant.start = max(tenant.start, clock) }
        var lane = tenant.lanes.removeValue(forKey: flow.caller) ?? Lane()
        lane.weight = weights.caller
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
                    tenant: (tenant.start, tenant.share),
                    lane: (lane.start, lane.share),
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
        tenant.start += Self.unit / tenant.weight
        lane.start += Self.unit / lane.weight
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

    /// Of the tenant that has the most for its weight, else of the caller of its own tenant that has.
    ///
    /// Only who has more than the new one's flow will have gives up a place, so that two never take it from each other in turn.
    private mutating func makeRoom(for flow: Flow, _ weights: Weights) -> Element? {
        tenants[flow.tenant]?.weight = weights.tenant
        tenants[flow.tenant]?.lanes[flow.caller]?.weight = weights.caller
        let own = tenants[flow.tenant]
        let asTenant = Share(count: (own?.count ?? 0) + 1, weight: weights.tenant)
        if let longest = tenants.max(by: { $0.value.share < $1.value.share }), longest.value.share > asTenant {
            return removeLast(of: longest.key)
        }
        let waiting = own?.lanes[flow.caller]?.waiting.count ?? 0
        let asCaller = Share(count: waiting + 1, weight: weights.caller)
        guard let longest = own?.lanes.values.map(\.share).max(), longest > asCaller else { return nil }
        return removeLast(of: flow.tenant)
    }

    private mutating func removeLast(of name: String) -> Element? {
        guard let lane = tenants[name]?.lanes.max(by: { $0.value.share < $1.value.share })?.key else { return nil }
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

/// How much waits for a weight; compared crosswise, since fractions would be cut off.
private struct Share: Comparable {
    let count: Int
    let weight: Int

    static func == (one: Share, other: Share) -> Bool { one.count * other.weight == other.count * one.weight }

    static func < (one: Share, other: Share) -> Bool { one.count * other.weight < other.count * one.weight }
}

/// Where an element stands: at equal times who has less waiting for its weight comes first.
private struct Order {
    let tenant: (start: Int, share: Share)
    let lane: (start: Int, share: Share)
    let number: Int

    init(tenant: (start: Int, share: Share), lane: (start: Int, share: Share), _ number: Int) {
        self.tenant = tenant
        self.lane = lane
        self.number = number
    }

    static func < (one: Order, other: Order) -> Bool {
        (one.tenant.start, one.tenant.share, one.lane.start, one.lane.share, one.number)
            < (other.tenant.start, other.tenant.share, other.lane.start, other.lane.share, other.number)
    }
}
