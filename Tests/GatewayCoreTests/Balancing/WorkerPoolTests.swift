import GatewayCore
import Synchronization
import Testing

/// A native deployment whose workers come and go.
@Suite struct WorkerPoolTests {
    private let fixture: Fixture
    private let pool = WorkerPool()
    private let local: Deployment

    init() throws {
        fixture = try Fixture()
        let addresses = (0..<2).map { InstanceAddress(transport: .unix(path: "/run/\($0).sock")) }
        let workers = fixture.registry.workers(of: "demo/chat/local", at: addresses)
        local = Deployment(
            name: "local",
            isNative: true,
            instances: workers,
            timeout: .seconds(60),
            capacity: Deployment.Capacity(limit: 4),
            queue: fixture.registry.queue(for: workers),
            pool: pool
        )
        fixture.publishChat([local], weights: [100])
    }

    private func admit() throws(Refusal) -> Decision {
        let moment = Moment(uptime: 1, wall: 0)
        // A worker is asked for a chat: the body is read.
        return try fixture.admission.admit(request("POST", "/demo/chat/score"), fields: fields(of: "{}"), at: moment)
    }

    private func pickAgain(_ plan: Plan) -> Decision? {
        let moment = Moment(uptime: 1, wall: 0)
        return fixture.admission.pickAgain(plan, of: request("POST", "/"), except: [plan.instance], at: moment)
    }

    /// Lets a request wait.
    ///
    /// - Returns: what became of it, once it is known.
    private func wait() throws -> OutcomeBox {
        guard case .queue(let plan) = try admit() else { throw Fixture.NoPlan() }
        return try wait(plan)
    }

    private func wait(_ plan: Plan, notBefore: Int64? = nil) throws -> OutcomeBox {
        let box = OutcomeBox()
        let waiter = Waiter(plan, notBefore: notBefore) { outcome in box.value.withLock { $0 = outcome } }
        #expect(plan.deployment.queue.enter(waiter, at: 1))
        return box
    }

    @Test(arguments: [WorkerPool.State.asleep, .starting, .serving])
    func `a request that finds no worker waits for one until its own deadline`(state: WorkerPool.State) throws {
        pool.state = state
        guard case .queue(let plan) = try admit() else { throw Fixture.NoPlan() }
        #expect(plan.deployment.longestWait == .seconds(60))
        #expect(!pool.takeUsed())
    }

    @Test func `once a worker runs the usual wait holds`() throws {
        local.instances[1].markReady(true)
        #expect(local.longestWait == .milliseconds(500))
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        #expect(plan.instance === local.instances[1] && pool.takeUsed() && !pool.takeUsed())
        plan.leave(at: 1)
    }

    @Test func `nobody waits for workers that die again and again`() throws {
        pool.state = .failing
        #expect(throws: Refusal.notReady(deployment: "local")) { try admit() }
    }

    @Test func `those that wait are answered when a worker is ready, and none before`() throws {
        pool.state = .starting
        let outcomes = try (0..<6).map { _ in try wait() }
        local.queue.review(at: 2)
        #expect(outcomes.allSatisfy { $0.value.withLock { $0 == nil } })
        local.instances[0].markReady(true)
        local.queue.review(at: 3)
        let seated = outcomes.filter { box in
            guard case .seated(let instance) = box.value.withLock({ $0 }) else { return false }
            return instance === local.instances[0]
        }
        // As many as it has slots; the others go on waiting.
        #expect(seated.count == 4 && local.queue.waiting == 2)
    }

    @Test func `those that wait are let go when no worker will come`() throws {
        pool.state = .starting
        let outcome = try wait()
        pool.state = .failing
        local.queue.review(at: 2)
        guard case .released = outcome.value.withLock({ $0 }) else { throw Fixture.NoPlan() }
    }

    @Test func `a request whose only worker is lost waits for the next, which takes it when it is ready`() throws {
        local.instances[0].markReady(true)
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        local.instances[0].markReady(false)
        guard case .queue(let waiting)? = pickAgain(plan) else { throw Fixture.NoPlan() }
        #expect(waiting.deployment === local && local.instances[0].load.inFlight == 0)
        let outcome = try wait(waiting)
        local.queue.review(at: 2)
        #expect(outcome.value.withLock { $0 == nil })
        local.instances[0].markReady(true)
        local.queue.review(at: 3)
        guard case .seated(let instance) = outcome.value.withLock({ $0 }) else { throw Fixture.NoPlan() }
        #expect(instance === local.instances[0])
    }

    @Test func `a worker that was just lost gets nothing until its supervisor had time to see it`() throws {
        local.instances[0].markReady(true)
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        guard case .queue(let waiting)? = pickAgain(plan) else { throw Fixture.NoPlan() }
        let outcome = try wait(waiting, notBefore: 50)
        local.queue.review(at: 49)
        #expect(outcome.value.withLock { $0 == nil })
        local.queue.review(at: 50)
        guard case .seated = outcome.value.withLock({ $0 }) else { throw Fixture.NoPlan() }
    }

    @Test func `nobody waits for the next worker where none will come, or another deployment may answer`() throws {
        local.instances[0].markReady(true)
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        local.instances[0].markReady(false)
        pool.state = .failing
        #expect(pickAgain(plan) == nil)
        pool.state = .serving
        local.instances[0].markReady(true)
        fixture.publishChat([local], weights: [100], fallback: [try fixture.deployment("other", ["http://other:1"])])
        guard case .plan(let second) = try admit() else { throw Fixture.NoPlan() }
        local.instances[0].markReady(false)
        #expect(pickAgain(second) == nil)
    }

    /// `local` with one worker, which has the request, and a second deployment of one place, which another request has.
    private func lostBesideFull() throws -> (lost: Plan, other: Deployment) {
        let other = try fixture.deployment("other", ["http://other:1"], limit: 1)
        fixture.publishChat([local, other], weights: [100, 1])
        local.instances[0].markReady(true)
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        local.instances[0].markReady(false)
        #expect(plan.deployment === local && other.instances[0].load.enter(limit: 1))
        return (plan, other)
    }

    @Test func `a request whose worker is lost takes the place that another deployment has first`() throws {
        let (plan, other) = try lostBesideFull()
        guard case .queue(let waiting)? = pickAgain(plan) else { throw Fixture.NoPlan() }
        #expect(waiting.deployment === local)
        let outcome = try wait(waiting, notBefore: 50)
        local.queue.review(at: 2)
        #expect(outcome.value.withLock { $0 == nil })
        other.instances[0].leave(begun: 1, at: 2)
        local.queue.review(at: 3)
        guard case .released = outcome.value.withLock({ $0 }) else { throw Fixture.NoPlan() }
        guard case .plan(let moved)? = pickAgain(waiting) else { throw Fixture.NoPlan() }
        #expect(moved.deployment === other)
    }

    @Test func `where no worker will come it waits for a place at a deployment that is full`() throws {
        let (plan, other) = try lostBesideFull()
        pool.state = .failing
        guard case .queue(let waiting)? = pickAgain(plan) else { throw Fixture.NoPlan() }
        #expect(waiting.deployment === other)
        let outcome = try wait(waiting)
        other.instances[0].leave(begun: 1, at: 2)
        other.queue.serve(at: 3)
        guard case .seated(let instance) = outcome.value.withLock({ $0 }) else { throw Fixture.NoPlan() }
        #expect(instance === other.instances[0])
    }

    @Test func `the breaker of a worker that died does not hold for the next`() throws {
        let worker = local.instances[0]
        worker.markReady(true)
        for _ in 0..<InstanceHealth.fewestJudged { worker.failed(.closed, begun: 1, at: 1) }
        #expect(worker.isCircuitOpen && worker.outage(at: 1) != nil)
        worker.markReady(false)
        worker.markReady(true)
        #expect(!worker.isCircuitOpen && worker.outage(at: 1) == nil)
        guard case .plan(let plan) = try admit() else { throw Fixture.NoPlan() }
        #expect(plan.instance === worker)
    }

    @Test func `who waits at earlier settings is placed at those that are served now`() throws {
        guard case .queue(let waiting) = try admit() else { throw Fixture.NoPlan() }
        let moment = Moment(uptime: 2, wall: 0)
        let head = request("POST", "/demo/chat/score")
        #expect(fixture.admission.followChange(waiting, of: head, at: moment) == nil)
        let address = InstanceAddress(transport: .unix(path: "/run/next.sock"))
        let workers = fixture.registry.workers(of: "demo/chat/local", at: [address])
        workers[0].markReady(true)
        let next = Deployment(name: "local", isNative: true, instances: workers, timeout: .seconds(60), pool: pool)
        fixture.publishChat([next], weights: [100])
        guard case .plan(let plan)? = fixture.admission.followChange(waiting, of: head, at: moment) else {
            throw Fixture.NoPlan()
        }
        #expect(plan.deployment === next && plan.instance === workers[0])
        fixture.publishChat([try fixture.deployment("other", ["http://other:1"])], weights: [100])
        #expect(fixture.admission.followChange(waiting, of: head, at: moment) == nil)
    }

    @Test func `a request that was lost at earlier settings goes on at those that are served now`() throws {
        local.instances[0].markReady(true)
        guard case .plan(let lost) = try admit() else { throw Fixture.NoPlan() }
        local.instances[0].markReady(false)
        pool.state = .failing
        let address = InstanceAddress(transport: .unix(path: "/run/next.sock"))
        let worker = fixture.registry.workers(of: "demo/chat/next", at: [address])[0]
        worker.markReady(true)
        let next = Deployment(
            name: "local",
            isNative: true,
            instances: [worker],
            timeout: .seconds(60),
            pool: WorkerPool()
        )
        fixture.publishChat([next], weights: [100])
        guard case .plan(let plan)? = pickAgain(lost) else { throw Fixture.NoPlan() }
        #expect(plan.deployment === next && plan.instance === worker)
    }

    @Test func `a deployment that sleeps is ready: it answers as soon as it is asked`() {
        #expect(!local.isReady)
        pool.state = .asleep
        #expect(local.isReady && local.outage(of: local.instances[0], at: 1) == nil)
        pool.state = .failing
        #expect(!local.isReady)
    }
}

/// What became of a request that waits.
private final class OutcomeBox: Sendable {
    let value = Mutex<Waiter.Outcome?>(nil)
}
