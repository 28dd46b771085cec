import Synchronization
import Testing

@testable import GatewayWorkers

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

    /// The machine has 10 bytes; a worker takes 6 of them, a large one 11.
    private static let scarce = MemoryAdmission(
        available: { 10 },
        need: { specification, _ in MemoryNeed(file: 0, own: specification.arguments.contains("--large") ? 11 : 6) },
        own: { _ in 0 }
    )

    @Test func `where there is room for one the earlier worker ends first, and requests may wait for the new one`()
        async throws
    {
        let fake = try FakeWorker(admission: Self.scarce)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        await succession.settle(on: [fake.specification()])
        #expect(await fake.nextChanges(1) == [true])
        let changed = fake.specification("--changed")
        await succession.settle(on: [changed])
        #expect(await fake.nextChanges(1) == [false])
        await fake.supervisor.scale([:])
        while true {
            let told = fake.told.state.withLock { $0 }
            if await fake.supervisor.states()[changed.id] == [.ready] { break }
            #expect(told == .starting)
            await fake.supervisor.scale([:])
            try await Task.sleep(for: .milliseconds(20))
        }
        try await fake.stop()
    }

    @Test func `one that would not fit even alone keeps the earlier worker`() async throws {
        let fake = try FakeWorker(admission: Self.scarce)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let first = fake.specification()
        await succession.settle(on: [first])
        #expect(await fake.nextChanges(1) == [true])
        let settling = Task { await succession.settle(on: [fake.specification("--large")]) }
        try await Task.sleep(for: .seconds(5))
        #expect(await fake.supervisor.states()[first.id] == [.ready])
        settling.cancel()
        await settling.value
        try await fake.stop()
    }
}
