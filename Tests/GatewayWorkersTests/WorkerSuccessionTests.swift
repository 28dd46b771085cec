import GatewayWorkers
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerSuccessionTests {
    @Test func `a worker that cannot start keeps no other deployment's old worker, and goes with its replacement`()
        async throws
    {
        let fake = try FakeWorker()
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let stuck = "demo/chat/stuck"
        let other = "demo/chat/other"
        let first = [fake.specification(id: stuck), fake.specification(id: other)]
        await succession.settle(on: first)
        #expect(await fake.nextChanges(2) == [true, true])
        let changed = fake.specification("--new", id: other)
        let settling = Task { await succession.settle(on: [fake.specification("--broken", id: stuck), changed]) }
        // The other's new worker is ready, its old one leaves.
        #expect(await fake.nextChanges(2) == [true, false])
        #expect(await fake.supervisor.states()[other] == [.ready])
        #expect(await fake.supervisor.states()[stuck]?.count == 2)
        settling.cancel()
        await settling.value
        await succession.settle(on: [fake.specification("--mended", id: stuck), changed])
        #expect(await fake.supervisor.states() == [stuck: [.ready], other: [.ready]])
        try await fake.stop()
    }
}
