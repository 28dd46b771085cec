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
            return state.waiters.add(waiter, number: state.lastNumber, of: waiter.flow, waiter.weights)
        }
        switch entry {
        case .full:
            went()
            return false
        case .displaces(let other):
            went()
            other.wake(.displaced)
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
    package func serve(at now: Int64?) {
        while let (waiter, instance) = state.withLock({ Self.next(of: &$0.waiters, at: now) }) {
            went()
            waiter.wake(.seated(instance))
        }
    }

    /// Time has passed: a pause may be over, or a deployment without any instance that another may stand in for.
    package func review(at now: Int64) {
        guard !isEmpty else { return }
        for waiter in state.withLock({ Self.released(from: &$0.waiters, at: now) }) {
            went()
            waiter.wake(.released)
        }
        serve(at: now)
    }

    private static func released(from waiters: inout FairQueue<Waiter>, at now: Int64) -> [Waiter] {
        var known: [ObjectIdentifier: Bool] = [:]
        func isAvailable(_ deployment: Deployment) -> Bool {
            if let answer = known[ObjectIdentifier(deployment)] { return answer }
            let answer = deployment.isAvailable(at: now)
            known[ObjectIdentifier(deployment)] = answer
            return answer
        }
        return waiters.removeAll { waiter in
            if waiter.alternatives.contains(where: { $0.hasPlace(isLast: false, leaving: 0, at: now) }) { return true }
            guard !isAvailable(waiter.deployment) else { return false }
            return waiter.deployment.pool?.isWorthWaiting == false || waiter.substitutes.contains(where: isAvailable)
        }
    }

    private static func next(of waiters: inout FairQueue<Waiter>, at now: Int64?) -> (Waiter, Instance)? {
        let next = waiters.next { waiter in
            waiter.kind(at: now)
        } where: { waiter in
            waiter.mayBeServed(at: now)
                && waiter.deployment.hasPlace(isLast: waiter.isLast, leaving: waiter.reserve, at: now)
        }
        if let next {
            // Somebody without a cap may have been quicker.
            let waiter = next.element
            let place = waiter.deployment.take(isLast: waiter.isLast, leaving: waiter.reserve, at: now)
            guard case .taken(let instance) = place else { return nil }
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
    /// What became of it.
    package enum Outcome: Sendable {
        /// A place was taken for it.
        case seated(Instance)
        /// Another's request has its place in the queue.
        case displaced
        /// Its deployment has no instance that takes requests any more, and another deployment may answer or no worker will
        /// come; or another has a place for a request that was lost here.
        case released
    }

    /// Waiters of one kind find the same places.
    struct Kind: Hashable {
        let deployment: ObjectIdentifier
        let isLast: Bool
        let reserve: Int
        let mayBeServed: Bool
    }

    let deployment: Deployment
    /// Who may answer in the deployment's place.
    let substitutes: [Deployment]
    /// Who else has a place for a request that was lost at its deployment.
    let alternatives: [Deployment]
    /// Places of each instance that it leaves free.
    let reserve: Int
    /// Whether it has nowhere else to go.
    var isLast: Bool { substitutes.isEmpty }
    let flow: FairQueue<Waiter>.Flow
    let weights: FairQueue<Waiter>.Weights
    /// Given by the queue.
    let number = Atomic<Int>(0)
    let wake: @Sendable (Outcome) -> Void
    /// Nanoseconds of the monotonic clock.
    private let notBefore: Int64?

    /// - Parameters:
    ///   - notBefore: its worker was lost, and it takes no place sooner: whether the worker is gone shows within that time.
    ///   - wake: called once at most, on any thread and outside of locks; must be quick.
    package init(_ plan: Plan, notBefore: Int64? = nil, wake: @escaping @Sendable (Outcome) -> Void) {
        self.notBefore = notBefore
        deployment = plan.deployment
        substitutes = plan.substitutes
        alternatives = notBefore == nil ? [] : plan.alternatives
        reserve = plan.reserve
        // A guest that waits behind the reserve does not keep its caller's own requests waiting.
        let caller = reserve == 0 ? plan.caller.label : "\(plan.caller.label)\u{1F}guest"
        flow = FairQueue<Waiter>.Flow(tenant: plan.endpoint.tenant, caller: caller)
        weights = FairQueue<Waiter>.Weights(tenant: plan.tenantWeight, caller: plan.caller.queueWeight)
        self.wake = wake
    }

    func kind(at now: Int64?) -> Kind {
        Kind(
            deployment: ObjectIdentifier(deployment),
            isLast: isLast,
            reserve: reserve,
            mayBeServed: mayBeServed(at: now)
        )
    }

    func mayBeServed(at now: Int64?) -> Bool {
        guard let notBefore else { return true }
        return now.map { $0 >= notBefore } ?? false
    }
}
