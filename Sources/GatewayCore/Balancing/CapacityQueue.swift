import Synchronization

/// Where requests wait for a place at instances that are full, in fair order.
package final class CapacityQueue: Sendable {
    /// Waiting requests; each holds a client's connection and what came of its body.
    package static let bound = 2048

    private struct State {
        var waiters = FairQueue<Waiter>(bound: CapacityQueue.bound)
        var lastNumber = 0
    }

    private let loads: [InstanceLoad]
    private let state = Mutex(State())
    private let count = Atomic<Int>(0)

    /// - Parameter loads: of the instances; the same one may stand there twice.
    package init(_ loads: [InstanceLoad]) {
        self.loads = loads
        for load in Dictionary(loads.map { (ObjectIdentifier($0), $0) }, uniquingKeysWith: { $1 }).values {
            load.add(self)
        }
    }

    /// Whether nobody waits: then a request may take a place at once.
    package var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    package var waiting: Int { count.load(ordering: .relaxed) }

    /// Lets a request wait; it is woken with its instance, perhaps before this returns.
    ///
    /// - Returns: false when the queue is full.
    package func enter(_ waiter: Waiter, at now: Int64) -> Bool {
        came()
        let entry = state.withLock { state in
            state.lastNumber += 1
            waiter.number.store(state.lastNumber, ordering: .relaxed)
            return state.waiters.add(waiter, number: state.lastNumber, of: waiter.flow)
        }
        switch entry {
        case .full:
            went()
            return false
        case .displaces(let other):
            went()
            other.wake(nil)
        case .waits: break
        }
        serve(at: now)
        return true
    }

    /// The request waits no longer: its time is over or its client left.
    ///
    /// - Returns: false when it was woken already.
    @discardableResult
    package func leave(_ waiter: Waiter) -> Bool {
        let number = waiter.number.load(ordering: .relaxed)
        guard state.withLock({ $0.waiters.remove(number: number, of: waiter.flow) }) else { return false }
        went()
        return true
    }

    /// A place may be free: whose turn it is takes it.
    func serve(at now: Int64?) {
        while let (waiter, instance) = state.withLock({ Self.next(of: &$0.waiters, at: now) }) {
            went()
            waiter.wake(instance)
        }
    }

    private static func next(of waiters: inout FairQueue<Waiter>, at now: Int64?) -> (Waiter, Instance)? {
        if let next = waiters.next(where: { $0.deployment.hasPlace(isLast: $0.isLast, at: now) }) {
            // Somebody without a cap may have been quicker.
            let waiter = next.element
            guard case .taken(let instance) = waiter.deployment.take(isLast: waiter.isLast, at: now) else { return nil }
            waiters.serve(next.flow)
            return (waiter, instance)
        }
        return nil
    }

    private func came() {
        count.add(1, ordering: .sequentiallyConsistent)
        for load in loads { load.waiterCame() }
    }

    private func went() {
        count.subtract(1, ordering: .sequentiallyConsistent)
        for load in loads { load.waiterWent() }
    }
}

/// One request in a queue.
package final class Waiter: Sendable {
    let deployment: Deployment
    /// Whether it has nowhere else to go.
    let isLast: Bool
    let flow: FairQueue<Waiter>.Flow
    /// Given by the queue.
    let number = Atomic<Int>(0)
    /// Told the instance where a place was taken, or `nil` when another's request took the place in the queue.
    let wake: @Sendable (Instance?) -> Void

    /// - Parameter wake: called once at most, on any thread and outside of locks; must be quick.
    package init(_ plan: Plan, wake: @escaping @Sendable (Instance?) -> Void) {
        deployment = plan.deployment
        isLast = !plan.canFallBack
        flow = FairQueue<Waiter>.Flow(tenant: plan.endpoint.tenant, caller: plan.caller.label)
        self.wake = wake
    }
}
