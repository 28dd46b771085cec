import Synchronization

/// Every instance that was ever named, by its deployment and address: gives the same object to every snapshot.
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
        var workers: [String: [Instance]] = [:]
        var queues: [Set<InstanceAddress>: WeakQueue] = [:]
        var budgets: [String: RetryBudget] = [:]

        mutating func instance(at place: Place, isReady: Bool, isUsable: Bool) -> Instance {
            if let instance = instances[place] { return instance }
            let load = loads[place.address] ?? InstanceLoad()
            loads[place.address] = load
            let instance = Instance(
                number: instances.count,
                address: place.address,
                isReady: isReady,
                isUsable: isUsable,
                load: load
            )
            instances[place] = instance
            return instance
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

    /// The worker of a native deployment, and those of its earlier settings that still answer: a change has no gap.
    ///
    /// - Parameter deployment: `tenant/endpoint/deployment`.
    package func workers(of deployment: String, at address: InstanceAddress) -> [Instance] {
        known.withLock { known in
            let place = Place(deployment: "", address: address)
            let instance = known.instance(at: place, isReady: false, isUsable: false)
            let earlier = known.workers[deployment, default: []].filter { $0 !== instance && $0.isReady }
            known.workers[deployment] = earlier + [instance]
            return [instance] + earlier
        }
    }

    /// Where requests wait for these instances: one queue for all deployments that have the same addresses.
    package func queue(for instances: [Instance]) -> CapacityQueue {
        known.withLock { known in
            let addresses = Set(instances.map(\.address))
            if let queue = known.queues[addresses]?.queue { return queue }
            let queue = CapacityQueue(instances.map(\.load))
            known.queues = known.queues.filter { $0.value.queue != nil }
            known.queues[addresses] = WeakQueue(queue: queue)
            return queue
        }
    }

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
