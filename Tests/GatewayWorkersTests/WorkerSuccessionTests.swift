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

    /// The machine has 10 bytes; a worker takes as many as its argument `--takes-N` says.
    private static let measured = MemoryAdmission(
        available: { 10 },
        need: { specification, _ in
            let digits = specification.arguments.compactMap { $0.split(separator: "-").last.flatMap { Int64($0) } }
            return MemoryNeed(file: 0, own: digits.first ?? 0)
        },
        own: { _ in 0 }
    )

    private static func look(_ fake: FakeWorker, until holds: () async throws -> Bool) async throws {
        while try await !holds() {
            await fake.supervisor.scale([:])
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `room that an earlier worker gave up for its successor is taken by nobody in between`() async throws {
        let fake = try FakeWorker(grace: .seconds(3), admission: Self.measured)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let sleeper = fake.sleeper("--takes-4", id: "demo/chat/sleeper")
        let first = fake.specification("--takes-6", "--stubborn")
        await succession.settle(on: [first, sleeper], isOpening: true)
        try await fake.supervisor.waitUntilReady(first, timeout: .seconds(60))
        let changed = fake.specification("--takes-7")
        let settling = Task { await succession.settle(on: [changed, sleeper]) }
        try await Self.look(fake) { await !fake.supervisor.leaving.isEmpty }
        // Beside the one that leaves there is room for it; there would be none for the successor then.
        await fake.supervisor.scale([sleeper.id: WorkerDemand(waiting: 1)])
        while await fake.supervisor.states()[changed.id] != [.ready] {
            try #require(await fake.supervisor.states()[sleeper.id] == nil)
            await fake.supervisor.scale([sleeper.id: WorkerDemand(waiting: 1)])
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(await fake.supervisor.states()[sleeper.id] == nil)
        await settling.value
        try await fake.stop()
    }

    @Test func `of two that are blocked at once, with room for one, the other keeps its earlier worker`() async throws {
        let fake = try FakeWorker(admission: Self.measured)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let ids = ["demo/chat/a", "demo/chat/b"]
        await succession.settle(on: ids.map { fake.specification("--takes-4", id: $0) })
        let settling = Task { await succession.settle(on: ids.map { fake.specification("--takes-6", id: $0) }) }
        try await Self.look(fake) {
            await fake.supervisor.running.contains { copy, instance in
                copy.specification.arguments == ["--takes-6"] && instance.supervisor.state == .ready
            }
        }
        let end = ContinuousClock.now + .seconds(5)
        try await Self.look(fake) { .now > end }
        #expect(await fake.supervisor.states() == [ids[0]: [.ready], ids[1]: [.ready]])
        settling.cancel()
        await settling.value
        try await fake.stop()
    }

    @Test func `where it is enough that another deployment's worker leaves, the earlier worker stays until then`()
        async throws
    {
        let fake = try FakeWorker(grace: .seconds(5), admission: Self.measured)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let first = fake.specification("--takes-5")
        await succession.settle(on: [first, fake.specification("--takes-4", "--stubborn", id: "demo/chat/other")])
        #expect(await fake.nextChanges(2) == [true, true])
        let changed = fake.specification("--takes-5", "--changed")
        let settling = Task { await succession.settle(on: [changed]) }
        try await Self.look(fake) {
            let running = await fake.supervisor.running
            return running.contains { $0.key.specification == changed.shape && $0.value.supervisor.state == .ready }
        }
        await settling.value
        // The other one leaves, the new one comes, and only then the earlier one goes.
        #expect(await fake.nextChanges(3) == [false, true, false])
        try await fake.stop()
    }

    @Test func `settings that change faster than the earlier worker gives way get their room all the same`()
        async throws
    {
        let fake = try FakeWorker(admission: Self.measured)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let first = fake.specification("--takes-6")
        await succession.settle(on: [first])
        for change in 0..<5 {
            let settling = Task { await succession.settle(on: [fake.specification("--takes-6", "--change\(change)")]) }
            let end = ContinuousClock.now + .milliseconds(1500)
            try await Self.look(fake) { .now > end }
            settling.cancel()
            await settling.value
        }
        #expect(await !fake.supervisor.isStaffed(first))
        await succession.settle(on: [fake.specification("--takes-6", "--last")])
        try await Self.look(fake) { await fake.supervisor.states()[first.id] == [.ready] }
        try await fake.stop()
    }
}
