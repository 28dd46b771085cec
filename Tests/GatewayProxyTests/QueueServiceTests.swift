import GatewayCore
import GatewayTestKit
import Synchronization
import Testing

@testable import GatewayProxy

@Suite struct QueueServiceTests {
    @Test func `who waits at settings that are no longer served is released when no worker will come`() async throws {
        var fixture = PlanFixture()
        let pool = WorkerPool()
        fixture.pool = pool
        let plan = try fixture.plan("/demo/chat/score")
        plan.instance.markReady(false)
        let outcome = Mutex<Waiter.Outcome?>(nil)
        let service = Task { [registry = fixture.registry] in try await QueueService(instances: registry).run() }
        // No snapshot that anybody serves has the queue: only the request knows it.
        let waiter = Waiter(plan) { told in outcome.withLock { $0 = told } }
        #expect(plan.deployment.queue.enter(waiter, at: .uptime))
        pool.state = .failing
        try await wait { outcome.withLock { $0 != nil } }
        guard case .released = outcome.withLock({ $0 }) else { throw PlanFixture.NoPlan() }
        #expect(plan.deployment.queue.isEmpty && fixture.registry.waitedIn.isEmpty)
        service.cancel()
        try await service.value
    }
}
