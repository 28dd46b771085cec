import Foundation
import Synchronization
import Testing

@testable import GatewayWorkers

/// Real processes, started and stopped.
@Suite(.timeLimit(.minutes(3))) struct WorkerSupervisorTests {
    @Test func `a wanted worker is started and told when it is ready`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        try await fake.supervisor.waitUntilReady(specification, timeout: .seconds(60))
        #expect(await fake.nextChanges(1) == [true])
        #expect(await fake.supervisor.states() == [specification.id: [.ready]])
        let lines = await fake.supervisor.logs(specification.id)
        #expect(lines.map(\.text) == ["model loaded"] && lines.map(\.instance) == [0])
        try await fake.stop()
    }

    @Test func `a worker that dies is restarted`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let first = try await fake.ask("/", specification)
        _ = try? await fake.ask("/die", specification)
        #expect(await fake.nextChanges(2) == [false, true])
        #expect(try await fake.ask("/", specification) != first)
        #expect(fake.told.retired.withLock(\.self).isEmpty)
        try await fake.stop()
    }

    @Test func `a worker that does not answer any more is ended, by force if it must be, and started again`()
        async throws
    {
        let fake = try FakeWorker()
        let specification = fake.specification("--stubborn")
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let first = try #require(await fake.process(specification))
        let socket = try WorkerSocket.paths(of: specification, in: fake.folder + "/run")[0]
        await fake.supervisor.restart(socket: "/no/such.sock", because: "it is another")
        await fake.supervisor.restart(socket: socket, because: "it does not answer")
        #expect(await fake.nextChanges(2) == [false, true])
        #expect(kill(first, 0) == -1)
        let second = try #require(await fake.process(specification))
        #expect(second != first && kill(second, 0) == 0)
        await fake.supervisor.scale([:])
        let status = try #require(fake.supervisor.board.status(of: specification.id)?.workers.first)
        #expect(status.lastEnd == "it does not answer; it ended with signaled(9)")
        #expect(await fake.supervisor.logs(specification.id).map(\.text).contains("ended: it does not answer"))
        try await fake.supervisor.apply([])
        kill(second, SIGKILL)
        try await fake.stop()
    }

    @Test func `a worker that dies after another was ended has an end of its own`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let socket = try WorkerSocket.paths(of: specification, in: fake.folder + "/run")[0]
        await fake.supervisor.restart(socket: socket, because: "it hangs")
        #expect(await fake.nextChanges(2) == [false, true])
        _ = try? await fake.ask("/die", specification)
        #expect(await fake.nextChanges(2) == [false, true])
        await fake.supervisor.scale([:])
        let status = try #require(fake.supervisor.board.status(of: specification.id)?.workers.first)
        #expect(status.lastEnd == "it ended with exited(9)")
        try await fake.stop()
    }

    @Test func `a model's file is in use until the last worker of earlier settings is gone`() async throws {
        let fake = try FakeWorker()
        // Hears of no stop until the time for it is over.
        var earlier = fake.specification("--stubborn")
        earlier.modelPath = "earlier.gguf"
        let board = fake.supervisor.board
        #expect(board.modelFiles.isEmpty)
        try await fake.supervisor.apply([earlier])
        #expect(board.modelFiles == ["earlier.gguf"])
        #expect(await fake.nextChanges(1) == [true])
        let process = try #require(await fake.process(earlier))
        let changed = fake.specification()
        try await fake.supervisor.apply([changed, earlier])
        #expect(board.modelFiles == ["m.gguf", "earlier.gguf"])
        // It leaves, and its process is still there.
        try await fake.supervisor.apply([changed])
        #expect(board.modelFiles == ["m.gguf", "earlier.gguf"])
        kill(process, SIGKILL)
        while board.modelFiles.count > 1 {
            await fake.supervisor.scale([:])
            await Task.yield()
        }
        #expect(board.modelFiles == ["m.gguf"])
        try await fake.stop()
    }

    @Test func `a worker that leaves is told of until its process is gone`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification("--stubborn")
        specification.scale(0...1, target: 4, idle: .seconds(300))
        let board = fake.supervisor.board
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let process = try #require(await fake.process(specification))
        let muchLater = ContinuousClock.now + .seconds(1000)
        await fake.supervisor.scale([:], at: muchLater)
        await fake.supervisor.scale([:], at: muchLater)
        let status = try #require(board.status(of: specification.id))
        #expect(status.workers.isEmpty)
        #expect(status.leaving.map(\.state) == [.stopping] && status.leaving.map(\.process) == [process])
        kill(process, SIGKILL)
        while board.status(of: specification.id)?.leaving.isEmpty == false {
            await fake.supervisor.scale([:], at: muchLater)
            await Task.yield()
        }
        try await fake.stop()
    }

    @Test func `a worker that is no longer wanted ends by itself and leaves no socket`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let process = try #require(await fake.process(specification))
        try await fake.supervisor.apply([])
        #expect(await fake.nextChanges(1) == [false])
        let sockets = try WorkerSocket.paths(of: specification, in: fake.folder + "/run")
        #expect(fake.told.retired.withLock(\.self) == sockets)
        #expect(await fake.supervisor.states().isEmpty)
        try await fake.stop()
        #expect(kill(process, 0) == -1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fake.folder + "/run").isEmpty)
    }

    @Test func `a worker that ignores its stop is killed after the grace`() async throws {
        let fake = try FakeWorker(grace: .milliseconds(100))
        let specification = fake.specification("--stubborn")
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        let process = try #require(await fake.process(specification))
        try await fake.stop()
        #expect(kill(process, 0) == -1)
    }

    @Test func `a worker that cannot start says why`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification("--broken")
        try await fake.supervisor.apply([specification])
        try await fake.waitUntilFailed(specification, with: "the model file is damaged")
        try await fake.stop()
    }

    @Test func `a program that is not there is a reason and not a crash`() async throws {
        let fake = try FakeWorker()
        try FileManager.default.removeItem(atPath: fake.folder + "/worker")
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        try await fake.waitUntilFailed(specification, with: "could not be run")
        try await fake.stop()
    }

    @Test func `changed settings run beside the old ones until those are not wanted`() async throws {
        let fake = try FakeWorker()
        let old = fake.specification()
        let new = fake.specification("--new")
        try await fake.supervisor.apply([old])
        try await fake.supervisor.waitUntilReady(old, timeout: .seconds(60))
        try await fake.supervisor.apply([old, new])
        try await fake.supervisor.waitUntilReady(new, timeout: .seconds(60))
        #expect(await fake.supervisor.states() == [old.id: [.ready, .ready]])
        try await fake.supervisor.apply([new])
        #expect(await fake.nextChanges(3) == [true, true, false])
        #expect(try await !fake.ask("/", new).isEmpty)
        try await fake.stop()
    }

    @Test func `a worker wanted again while it leaves comes back`() async throws {
        let fake = try FakeWorker()
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        try await fake.supervisor.apply([])
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(2) == [false, true])
        #expect(try await !fake.ask("/", specification).isEmpty)
        try await fake.stop()
    }

    @Test func `as many run as are wanted, each on its own socket`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification()
        specification.scale(3...3, target: 4, idle: .seconds(300))
        try await fake.supervisor.apply([specification])
        try await fake.supervisor.waitUntilReady(specification, timeout: .seconds(60))
        #expect(await fake.supervisor.states() == [specification.id: [.ready, .ready, .ready]])
        #expect(try FileManager.default.contentsOfDirectory(atPath: fake.folder + "/run").count == 3)
        specification.scale(1...1, target: 4, idle: .seconds(300))
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(5) == [true, true, true, false, false])
        try await fake.stop()
    }

    @Test func `the lines of several workers come in the order of their time, each with its worker`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification()
        specification.scale(2...2, target: 4, idle: .seconds(300))
        let begun = Date.now
        try await fake.supervisor.apply([specification])
        try await fake.supervisor.waitUntilReady(specification, timeout: .seconds(60))
        _ = try? await fake.ask("/die", specification)
        while await fake.supervisor.logs(specification.id).count < 3 { try await Task.sleep(for: .milliseconds(20)) }
        let lines = await fake.supervisor.logs(specification.id)
        #expect(lines.map(\.text) == ["model loaded", "model loaded", "model loaded"])
        #expect(Set(lines.prefix(2).map(\.instance)) == [0, 1] && lines.last?.instance == 0)
        #expect(lines.map(\.time) == lines.map(\.time).sorted() && lines.allSatisfy { begun...Date.now ~= $0.time })
        try await fake.stop()
    }

    @Test func `what may sleep sleeps at the start, wakes for a request and sleeps again`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification()
        specification.scale(0...2, target: 4, idle: .seconds(5))
        try await fake.supervisor.apply([specification], isOpening: true)
        #expect(await fake.supervisor.states().isEmpty)
        #expect(fake.told.state.withLock { $0 } == .asleep)
        await fake.supervisor.scale([specification.id: WorkerDemand(waiting: 1)])
        #expect(fake.told.state.withLock { $0 } == .starting)
        #expect(await fake.nextChanges(1) == [true])
        let process = try #require(await fake.process(specification))
        await fake.supervisor.scale([:], at: .now + .seconds(60))
        #expect(await fake.nextChanges(1) == [false])
        await fake.supervisor.scale([:], at: .now + .seconds(60))
        try await fake.stop()
        #expect(kill(process, 0) == -1)
    }

    @Test func `one that is not needed finishes its requests first, and is taken back when it is needed again`()
        async throws
    {
        let fake = try FakeWorker()
        var specification = fake.specification()
        specification.scale(0...1, target: 4, idle: .seconds(5))
        try await fake.supervisor.apply([specification])
        #expect(await fake.nextChanges(1) == [true])
        fake.told.isIdle.withLock { $0 = false }
        await fake.supervisor.scale([:], at: .now + .seconds(60))
        #expect(await fake.supervisor.states() == [specification.id: [.draining]])
        await fake.supervisor.scale([specification.id: WorkerDemand(waiting: 1)], at: .now + .seconds(61))
        #expect(await fake.supervisor.states() == [specification.id: [.ready]])
        #expect(await fake.nextChanges(2) == [false, true])
        try await fake.stop()
    }

    @Test func `what is made new runs once although it may sleep`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification()
        specification.scale(0...1, target: 4, idle: .seconds(5))
        try await fake.supervisor.apply([specification])
        try await fake.supervisor.waitUntilReady(specification, timeout: .seconds(60))
        #expect(await fake.supervisor.states() == [specification.id: [.ready]])
        try await fake.stop()
    }

    @Test func `a worker that does not fit into memory is not started, and the log says the numbers`() async throws {
        let admission = MemoryAdmission(
            available: { 100 << 20 },
            need: { _, _ in MemoryNeed(file: 200 << 20, own: 50 << 20) },
            own: { _ in nil }
        )
        let fake = try FakeWorker(admission: admission)
        let specification = fake.specification()
        try await fake.supervisor.apply([specification])
        #expect(await fake.supervisor.states().isEmpty)
        #expect(fake.told.state.withLock { $0 } == .failing)
        let lines = await fake.supervisor.logs(specification.id).map(\.text)
        #expect(lines.contains { $0.contains("250 MiB") && $0.contains("100 MiB are free") })
        try await fake.waitUntilFailed(specification, with: "250 MiB")
        try await fake.stop()
    }

    @Test func `a worker that is not ready in time is killed and says so`() async throws {
        let fake = try FakeWorker()
        var specification = fake.specification("--silent")
        specification.limits = WorkerLimits(start: .milliseconds(300))
        try await fake.supervisor.apply([specification])
        try await fake.waitUntilFailed(specification, with: "it was not ready within start_seconds")
        try await fake.stop()
    }

    @Test func `nothing is started once the gateway stops`() async throws {
        let fake = try FakeWorker()
        try await fake.stop()
        await #expect(throws: WorkerFailure.stopped) { try await fake.supervisor.apply([fake.specification()]) }
    }
}

extension FakeWorker {
    /// Returns when the supervisor gives this reason; the suite's time limit is the bound.
    func waitUntilFailed(_ specification: WorkerSpecification, with reason: String) async throws {
        var said = ""
        while !said.contains(reason) {
            do {
                try await supervisor.waitUntilReady(specification, timeout: .milliseconds(20))
                Issue.record("it must not become ready")
                return
            } catch let failure as WorkerFailure {
                said = failure.description
            }
        }
    }

    /// As the service group would: `run` ends when its task is cancelled and every process is gone.
    func stop() async throws {
        let service = Task { try await supervisor.run() }
        service.cancel()
        try await service.value
    }
}
