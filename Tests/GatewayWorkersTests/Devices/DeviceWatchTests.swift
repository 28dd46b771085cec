import Logging
import Synchronization
import Testing

@testable import GatewayWorkers

@Suite(.timeLimit(.minutes(1))) struct DeviceWatchTests {
    /// Answers with what it is told, as often as it is asked.
    private final class Lister: Sendable {
        let asked = Mutex(0)
        let answer: Mutex<Result<[Device], DeviceFailure>>
        let gate = StopSignal()

        init(_ devices: [Device]) { answer = Mutex(.success(devices)) }

        func list() async -> Result<[Device], DeviceFailure> {
            asked.withLock { $0 += 1 }
            await gate.wait()
            return answer.withLock { $0 }
        }
    }

    private static let gpu = Device(index: 0, name: "CUDA0", kind: .gpu, total: 10 << 30, free: 9 << 30)
    private static let cpu = Device(index: 1, name: "CPU", kind: .cpu, total: 1 << 34, free: 1 << 33)
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func watch(
        _ lister: Lister,
        _ policy: DevicePolicy = .auto,
        limit: Duration = .seconds(30)
    ) -> DeviceWatch {
        DeviceWatch(policy: policy, logger: logger, limit: limit) { await lister.list() }
    }

    @Test func `nothing is fresh before the first answer, and whoever asks meanwhile waits for the same one`() async {
        let lister = Lister([Self.gpu, Self.cpu])
        let watch = Self.watch(lister)
        #expect(!watch.isFresh() && !watch.isFresh() && watch.finding == nil)
        let answered = watch.ask()
        #expect(watch.ask() === answered)
        lister.gate.set()
        await answered.wait()
        #expect(watch.isFresh())
        #expect((try? watch.finding?.devices.get()) == [Self.gpu, Self.cpu])
        #expect(lister.asked.withLock { $0 } == 1)
        // What is new enough is not asked for again.
        await watch.refresh(olderThan: .seconds(3600))
        #expect(lister.asked.withLock { $0 } == 1)
        await watch.refresh()
        #expect(lister.asked.withLock { $0 } == 2)
    }

    @Test func `an answer that failed stands too, and is no reason to wait`() async {
        let lister = Lister([])
        lister.answer.withLock { $0 = .failure(DeviceFailure("no driver")) }
        lister.gate.set()
        let watch = Self.watch(lister)
        await watch.refresh()
        #expect(watch.isFresh())
        #expect(throws: DeviceFailure("no driver")) { try watch.finding?.devices.get() }
    }

    @Test func `after a failure it is asked again, later each time, and at most a minute later`() async throws {
        #expect((1...7).map { DeviceWatch.retry(after: $0) } == [2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        let lister = Lister([Self.gpu])
        lister.answer.withLock { $0 = .failure(DeviceFailure("no driver")) }
        lister.gate.set()
        let watch = Self.watch(lister)
        await watch.refresh()
        #expect(watch.isFresh() && lister.asked.withLock { $0 } == 1)
        lister.answer.withLock { $0 = .success([Self.gpu]) }
        while (try? watch.finding?.devices.get()) == nil {
            _ = watch.isFresh()
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(lister.asked.withLock { $0 } == 2)
    }

    @Test func `a list from before somebody gave memory back is asked for again`() async throws {
        let lister = Lister([Self.gpu])
        lister.gate.set()
        let watch = Self.watch(lister)
        await watch.refresh()
        #expect(watch.isFresh())
        watch.expire()
        #expect(!watch.isFresh())
        // Not by `refresh`, which asks once more where the answer is there by then.
        while !watch.isFresh() { try await Task.sleep(for: .milliseconds(1)) }
        #expect(lister.asked.withLock { $0 } == 2)
    }

    @Test func `a question that nobody answers and nobody can end is over all the same`() async {
        let lister = Lister([Self.gpu])
        let watch = Self.watch(lister, limit: .milliseconds(20))
        await watch.refresh()
        #expect(throws: DeviceFailure.self) { try watch.finding?.devices.get() }
        #expect(watch.isFresh())
        // What comes after all is too late.
        lister.gate.set()
        #expect(throws: DeviceFailure.self) { try watch.finding?.devices.get() }
    }

    @Test func `where only the CPU may be used nobody waits for a list`() {
        let watch = Self.watch(Lister([]), .cpu)
        #expect(watch.isFresh() && watch.finding == nil)
    }
}
