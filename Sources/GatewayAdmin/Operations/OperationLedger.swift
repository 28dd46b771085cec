import GatewayStore

/// Operations by id and by what they changed, up to a bound.
struct OperationLedger {
    private let bound: Int
    private var byID: [String: ControlOperation] = [:]
    /// The oldest first.
    private var order: [String] = []
    /// The last id of each resource.
    private var last: [String: String] = [:]

    init(bound: Int) {
        self.bound = bound
    }

    subscript(_ id: String) -> ControlOperation? { byID[id] }

    /// The newest first.
    var newest: [ControlOperation] { order.reversed().compactMap { byID[$0] } }

    func latest(of resource: String) -> ControlOperation? { last[resource].flatMap { byID[$0] } }

    /// Adds an operation, or replaces it with how it stands now.
    ///
    /// - Returns: the ids of those that had to make room: the oldest that are over and that are nobody's last.
    mutating func put(_ operation: ControlOperation) -> [String] {
        let isNew = byID.updateValue(operation, forKey: operation.id) == nil
        guard isNew else { return [] }
        order.append(operation.id)
        for resource in operation.targets.map(\.deployment) + [operation.resource] { last[resource] = operation.id }
        guard order.count > bound else { return [] }
        return makeRoom()
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
    private mutating func makeRoom() -> [String] {
        let gone = order.filter { byID[$0]?.state.isOver ?? true }.prefix(max(1, bound / 10))
        let set = Set(gone)
        order.removeAll(where: set.contains)
        for id in gone { byID[id] = nil }
        last = last.filter { !set.contains($0.value) }
        return Array(gone)
    }
}
