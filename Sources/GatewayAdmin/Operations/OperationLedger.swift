import GatewayStore

/// Operations by id and by what they changed, up to a bound for each tenant.
struct OperationLedger {
    private let bound: Int
    private var byID: [String: ControlOperation] = [:]
    /// The oldest first.
    private var order: [String] = []
    /// How many each tenant has, by the first tenant that an operation names.
    private var counts: [String: Int] = [:]
    /// The last id of each resource.
    private var last: [String: String] = [:]

    /// - Parameter bound: for one tenant: what it does makes no other's operations go.
    init(bound: Int) {
        self.bound = bound
    }

    subscript(_ id: String) -> ControlOperation? { byID[id] }

    /// The newest first.
    var newest: [ControlOperation] { order.reversed().compactMap { byID[$0] } }

    func latest(of resource: String) -> ControlOperation? { last[resource].flatMap { byID[$0] } }

    /// Adds an operation, or replaces it with how it stands now.
    ///
    /// - Parameter resources: paths of what exists: its last operation says how it stands, and stays.
    /// - Returns: the ids of those that had to make room: the tenant's oldest that are over and are no such last.
    mutating func put(_ operation: ControlOperation, whileThere resources: () -> Set<String>) -> [String] {
        let isNew = byID.updateValue(operation, forKey: operation.id) == nil
        guard isNew else { return [] }
        order.append(operation.id)
        for resource in operation.resources { last[resource] = operation.id }
        counts[operation.account, default: 0] += 1
        guard counts[operation.account, default: 0] > bound else { return [] }
        return makeRoom(operation.account, resources())
    }

    /// Forgets operations of a tenant that is gone.
    ///
    /// - Returns: their ids.
    mutating func forget(_ tenant: String) -> [String] {
        // One that is under way for others too goes on.
        let gone = order.filter { id in
            guard let operation = byID[id], operation.tenants.contains(tenant) else { return false }
            return operation.state.isOver || operation.tenants == [tenant]
        }
        let set = Set(gone)
        order.removeAll(where: set.contains)
        for id in gone { byID[id] = nil }
        last = last.filter { !set.contains($0.value) }
        return gone
    }

    /// A tenth at a time: not every new one walks over the list.
    private mutating func makeRoom(_ account: String, _ resources: Set<String>) -> [String] {
        var gone: [String] = []
        for id in order {
            guard let operation = byID[id], operation.account == account else { continue }
            if operation.state.isOver, !saysHow(operation, resources) { gone.append(operation.id) }
            if gone.count == max(1, bound / 10) { break }
        }
        let set = Set(gone)
        order.removeAll(where: set.contains)
        for id in gone { byID[id] = nil }
        counts[account, default: 0] -= set.count
        last = last.filter { !set.contains($0.value) }
        return gone
    }

    /// Whether it tells how a resource that exists stands now.
    private func saysHow(_ operation: ControlOperation, _ resources: Set<String>) -> Bool {
        operation.resources.contains { last[$0] == operation.id && resources.contains($0) }
    }
}

extension ControlOperation {
    /// What it makes or changes.
    var resources: [String] { targets.filter { !$0.isAwaited }.map(\.deployment) + [resource] }
    /// Whose bound it counts for.
    fileprivate var account: String { tenants.first ?? "" }
}
