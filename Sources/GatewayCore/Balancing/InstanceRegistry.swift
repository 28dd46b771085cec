import Synchronization

/// Every instance that is named, by its deployment and address: gives the same object to every snapshot.
package final class InstanceRegistry: Sendable {
    private struct Place: Hashable {
        let deployment: String
        let address: InstanceAddress
    }

    private struct WeakQueue {
        weak var queue: CapacityQueue?
    }

    private struct Known {
        var instances: [Place: Instance] = [:]
        var loads: [InstanceAddress: InstanceLoad] = [:]
        /// Where a native deployment's workers have listened.
        var workers: [String: [InstanceAddress]] = [:]
        /// By the address of the first worker.
        var pools: [InstanceAddress: WorkerPool] = [:]
        var queues: [Set<InstanceAddress>: WeakQueue] = [:]
        var budgets: [String: RetryBudget] = [:]
        /// Numbers that were given back, the smallest last.
        var free: [Int] = []
        var given = 0

        mutating func instance(at place: Place, isReady: Bool, isUsable: Bool) -> Instance {
            if let instance = instances[place] { return instance }
            let load = loads[place.address] ?? InstanceLoad()
            loads[place.address] = load
            let instance = Instance(
                number: nextNumber(),
                address: place.address,
                isReady: isReady,
                isUsable: isUsable,
                load: load
            )
            instances[place] = instance
            return instance
        }

        private mutating func nextNumber() -> Int {
            if let number = free.popLast() { return number }
            given += 1
            return given - 1
        }

        /// A worker that answers is kept: only its supervisor says that it does, and says it once.
        mutating func forgetUnused() {
            let unused = Self.unused(in: &instances).filter { !$0.deployment.isEmpty || instances[$0]?.isReady != true }
            free += unused.compactMap { instances.removeValue(forKey: $0)?.number }
            free.sort(by: >)
            for address in Self.unused(in: &loads) { loads[address] = nil }
            for deployment in Self.unused(in: &budgets) { budgets[deployment] = nil }
            for address in Self.unused(in: &pools) { pools[address] = nil }
            queues = queues.filter { $0.value.queue != nil }
            workers = workers.compactMapValues { addresses in
                let left = addresses.filter { instances[Place(deployment: "", address: $0)] != nil }
                return left.isEmpty ? nil : left
            }
        }

        /// The keys of what only the dictionary holds.
        private static func unused<Key, Value: AnyObject>(in held: inout [Key: Value]) -> [Key] {
            var unused: [Key] = []
            // Not by `indices`, which would hold the dictionary once more, and with it every value.
            var index = held.startIndex
            while index != held.endIndex {
                if isKnownUniquelyReferenced(&held.values[index]) { unused.append(held[index].key) }
                held.formIndex(after: &index)
            }
            return unused
        }
    }

    private let known = Mutex(Known())

    package init() {}

    /// The instance of a deployment at this address.
    ///
    /// - Parameters:
    ///   - deployment: `tenant/endpoint/deployment`; empty for workers, whose sockets belong to one deployment anyway.
    ///   - isReady: what a new one starts as.
    ///   - isUsable: upstreams are tried before their first probe, workers wait for it.
    package func instance(
        at address: InstanceAddress,
        of deployment: String = "",
        isReady: Bool,
        isUsable: Bool? = nil
    ) -> Instance {
        known.withLock {
            $0.instance(
                at: Place(deployment: deployment, address: address),
                isReady: isReady,
                isUsable: isUsable ?? isReady
            )
        }
    }

    /// The workers that a native deployment may have, and those of its earlier settings that are still kept: a change has no
    /// gap, also where one of them dies before the new ones answer.
    ///
    /// - Parameter deployment: `tenant/endpoint/deployment`.
    package func workers(of deployment: String, at addresses: [InstanceAddress]) -> [Instance] {
        known.withLock { known in
            let instances = addresses.map {
                known.instance(at: Place(deployment: "", address: $0), isReady: false, isUsable: false)
            }
            let earlier = known.workers[deployment, default: []]
                .compactMap { known.instances[Place(deployment: "", address: $0)] }
                .filter { instance in instance.isStaffed && !instances.contains { $0 === instance } }
            known.workers[deployment] = earlier.map(\.address) + addresses
            return instances + earlier
        }
    }

    /// What requests and the supervisor of these workers know of each other.
    ///
    /// - Parameter address: of the first worker.
    package func pool(at address: InstanceAddress) -> WorkerPool {
        known.withLock { known in
            if let pool = known.pools[address] { return pool }
            let pool = WorkerPool()
            known.pools[address] = pool
            return pool
        }
    }

    /// Where requests wait for these instances: one queue for all deployments that have the same addresses.
    package func queue(for instances: [Instance]) -> CapacityQueue {
        known.withLock { known in
            let addresses = Set(instances.map(\.address))
            if let queue = known.queues[addresses]?.queue { return queue }
            let queue = CapacityQueue(instances.map(\.load))
            known.queues[addresses] = WeakQueue(queue: queue)
            return queue
        }
    }

    /// The queues in which requests wait: those of earlier settings too, which a request may enter that was admitted by them.
    package var waitedIn: [CapacityQueue] {
        known.withLock { known in
            known.queues.values.compactMap(\.queue).filter { !$0.isEmpty }
        }
    }

    /// Lets go of what no snapshot, no request and no kept connection has any more; its numbers are given out again.
    package func forgetUnused() { known.withLock { $0.forgetUnused() } }

    /// How many instances are known.
    var count: Int { known.withLock { $0.instances.count } }

    /// - Parameter deployment: `tenant/endpoint/deployment`.
    package func budget(of deployment: String) -> RetryBudget {
        known.withLock { known in
            if let budget = known.budgets[deployment] { return budget }
            let budget = RetryBudget()
            known.budgets[deployment] = budget
            return budget
        }
    }
}
