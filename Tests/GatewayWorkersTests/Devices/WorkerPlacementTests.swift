import Foundation
import Logging
import Synchronization
import Testing

@testable import GatewayWorkers

/// Real processes with lists of devices that no machine here has.
@Suite(.timeLimit(.minutes(2))) struct WorkerPlacementTests {
    private static let mebibyte: Int64 = 1 << 20

    private static func gpu(_ index: Int, _ free: Int64) -> Device {
        Device(index: index, name: "CUDA\(index)", kind: .gpu, total: 1 << 34, free: free * mebibyte)
    }

    /// Each worker takes 600 MiB of a GPU in ten layers, 100 more beside them, and of the machine 1 or, on the CPU, 2.
    private static let admission = MemoryAdmission(
        available: { 100 },
        need: { _, placement in MemoryNeed(file: 0, own: placement.shares.isEmpty ? 2 : 1) },
        own: { _ in 0 },
        deviceNeed: { _ in
            DeviceNeed(divisible: 600 * mebibyte, piece: 60 * mebibyte, each: 100 * mebibyte)
        }
    )

    /// A list that changes.
    private final class Shelf: Sendable {
        let free: Mutex<[Int64]>

        init(_ free: Int64...) { self.free = Mutex(free) }

        var devices: [Device] { free.withLock { $0.enumerated().map { gpu($0, $1) } } }
    }

    private static func fake(_ shelf: Shelf) throws -> FakeWorker {
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let watch = DeviceWatch(policy: .auto, logger: quiet) { .success(shelf.devices) }
        return try FakeWorker(admission: admission, devices: watch)
    }

    /// Lets the supervisor look until something holds; the suite's time limit is the bound.
    private static func look(_ fake: FakeWorker, until holds: () async -> Bool) async throws {
        while await !holds() {
            await fake.supervisor.scale([:])
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `a worker that dies on a GPU whose memory somebody else took goes elsewhere`() async throws {
        let shelf = Shelf(1000, 900)
        let fake = try Self.fake(shelf)
        let specification = fake.specification("--broken")
        try await fake.supervisor.apply([specification])
        func place() -> String? {
            fake.supervisor.board.status(of: specification.id)?.workers.first?.placement?.text
        }
        try await Self.look(fake) { place() == "CUDA0" }
        shelf.free.withLock { $0 = [100, 900] }
        try await Self.look(fake) { place() == "CUDA1" }
        shelf.free.withLock { $0 = [100, 100] }
        try await Self.look(fake) { place() == "CPU" }
        try await fake.stop()
    }

    @Test func `a change of settings takes over the GPU of the worker that it replaces, if there is no room for both`()
        async throws
    {
        let shelf = Shelf(1000)
        let fake = try Self.fake(shelf)
        let succession = WorkerSuccession(fake.supervisor, logger: fake.logger)
        let (first, second) = (fake.specification(), fake.specification("--changed"))
        func places() -> [String?] {
            fake.supervisor.board.status(of: first.id)?.workers.map(\.placement?.text) ?? []
        }
        await succession.settle(on: [first])
        try await Self.look(fake) { await fake.supervisor.states()[first.id] == [.ready] }
        #expect(places() == ["CUDA0"])
        shelf.free.withLock { $0 = [300] }
        await fake.supervisor.devices?.refresh()
        let settling = Task { await succession.settle(on: [second]) }
        try await Self.look(fake) { await fake.supervisor.states()[first.id] == nil }
        shelf.free.withLock { $0 = [1000] }
        await fake.supervisor.scale([:])
        #expect(fake.told.state.withLock { $0 } == .starting)
        try await Self.look(fake) { await fake.supervisor.states()[first.id] == [.ready] }
        #expect(places() == ["CUDA0"])
        await settling.value
        try await fake.stop()
    }

    /// The room of a worker that is gone is free in the next list only; the list of before does not decide.
    @Test(arguments: [true, false])
    func `what a worker that is gone had of a GPU is there for the next one at once`(isSeen: Bool) async throws {
        let shelf = Shelf(750)
        let fake = try Self.fake(shelf)
        let (first, second) = (fake.specification(id: "demo/chat/a"), fake.specification(id: "demo/chat/b"))
        func place(_ specification: WorkerSpecification) -> String? {
            fake.supervisor.board.status(of: specification.id)?.workers.first?.placement?.text
        }
        try await fake.supervisor.apply([first])
        try await Self.look(fake) { await fake.supervisor.states()[first.id] == [.ready] }
        // As if the worker had taken its 700: a list of now has 50.
        shelf.free.withLock { $0 = [50] }
        await fake.supervisor.devices?.refresh()
        try await fake.supervisor.apply([])
        while await !fake.supervisor.leaving.values.allSatisfy({ $0.supervisor.state == .stopped }) {
            try await Task.sleep(for: .milliseconds(1))
        }
        if isSeen { await fake.supervisor.scale([:]) }
        shelf.free.withLock { $0 = [750] }
        try await fake.supervisor.apply([second])
        try await Self.look(fake) { place(second) != nil }
        #expect(place(second) == "CUDA0")
        try await fake.stop()
    }

    @Test func `a worker that is on the CPU for want of a list goes to a GPU that a later one has, when it is idle`()
        async throws
    {
        let answer = Mutex<Result<[Device], DeviceFailure>>(.failure(DeviceFailure("no driver")))
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let watch = DeviceWatch(policy: .auto, logger: quiet) { answer.withLock { $0 } }
        let fake = try FakeWorker(admission: Self.admission, devices: watch)
        var specification = fake.specification()
        specification.scale(2...2, target: 4, idle: .seconds(300))
        func places() -> [String?] {
            fake.supervisor.board.status(of: specification.id)?.workers.map(\.placement?.text) ?? []
        }
        func ready() async -> Int { await fake.supervisor.states()[specification.id]?.count { $0 == .ready } ?? 0 }
        try await fake.supervisor.apply([specification])
        try await Self.look(fake) { await ready() == 2 }
        #expect(places() == ["CPU", "CPU"])
        fake.told.isIdle.withLock { $0 = false }
        answer.withLock { $0 = .success([Self.gpu(0, 1000)]) }
        try await Self.look(fake) { (try? watch.finding?.devices.get()) != nil }
        for _ in 0..<10 { await fake.supervisor.scale([:]) }
        #expect(await ready() == 2 && places() == ["CPU", "CPU"])
        fake.told.isIdle.withLock { $0 = true }
        // One at a time: the other one serves meanwhile, and stays, for there is no room for both.
        try await Self.look(fake) {
            #expect(await ready() >= 1)
            let count = await ready()
            return places().contains("CUDA0") && count == 2
        }
        answer.withLock { $0 = .success([Self.gpu(0, 300)]) }
        let end = ContinuousClock.now + .seconds(3)
        try await Self.look(fake) { .now > end }
        #expect(await ready() == 2 && Set(places()) == ["CUDA0", "CPU"])
        try await fake.stop()
    }

    private static func fake(_ free: Int64..., policy: DevicePolicy = .auto) throws -> FakeWorker {
        let gpus = free.enumerated().map { gpu($0, $1) }
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        return try FakeWorker(
            admission: admission,
            devices: DeviceWatch(policy: policy, logger: quiet) { .success(gpus) },
            threads: ThreadShare(cores: 10, loops: 2)
        )
    }

    /// Each deployment's placement, when all of these are ready.
    private static func placements(_ fake: FakeWorker, _ names: String...) async throws -> [Placement?] {
        let wanted = names.map { fake.specification(id: "demo/chat/\($0)") }
        try await fake.supervisor.apply(wanted)
        for specification in wanted {
            while await fake.supervisor.states()[specification.id] != [.ready] {
                await fake.supervisor.scale([:])
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        await fake.supervisor.scale([:])
        return wanted.map { fake.supervisor.board.status(of: $0.id)?.workers.first?.placement }
    }

    private static func arguments(_ fake: FakeWorker, _ name: String) async throws -> [Substring] {
        let process = try #require(await fake.process(fake.specification(id: "demo/chat/\(name)")))
        let line = try String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        return line.split(separator: "\0").drop { $0 != "--name" }.dropFirst(2).map(\.self)
    }

    @Test func `workers that start together go to two GPUs, and the third to the CPU with the reason`() async throws {
        let fake = try Self.fake(1000, 900)
        let found = try await Self.placements(fake, "a", "b", "c")
        #expect(Set(found.map { $0?.text }) == ["CUDA0", "CUDA1", "CPU"])
        let reason = found.compactMap { $0?.reason }
        #expect(reason == ["on a GPU it needs 700 MiB, and MiB left are CUDA0 300, CUDA1 200"])
        for (name, placement) in zip(["a", "b", "c"], found) {
            let expected =
                placement?.shares.isEmpty == true
                ? ["--gpu-layers", "0", "--threads"] : ["--device", placement?.text ?? "", "--threads"]
            #expect(try await Self.arguments(fake, name).dropLast().map(String.init) == expected)
        }
        try await fake.stop()
    }

    @Test func `one worker goes over two GPUs, and its command line says which part is where`() async throws {
        let fake = try Self.fake(560, 460)
        let found = try await Self.placements(fake, "a")
        // 560 and 460, each less 160: four sevenths and three.
        #expect(found.map { $0?.text } == ["CUDA0 57 % + CUDA1 43 %"])
        let line = try await Self.arguments(fake, "a")
        #expect(line.prefix(4) == ["--device", "CUDA0", "--device", "CUDA1"])
        #expect(line.dropFirst(4) == ["--tensor-split", "0.5714,0.4286", "--threads", "1"])
        try await fake.stop()
    }

    @Test func `workers on the CPU share the cores that the event loops leave`() async throws {
        let fake = try Self.fake()
        _ = try await Self.placements(fake, "a", "b")
        for name in ["a", "b"] {
            #expect(try await Self.arguments(fake, name) == ["--gpu-layers", "0", "--threads", "4"])
        }
        try await fake.stop()
    }

    @Test func `every worker is told the folder of the engine's backends`() async throws {
        let fake = try FakeWorker(backends: "/opt/b")
        try await fake.supervisor.apply([fake.specification()])
        try await fake.supervisor.waitUntilReady(fake.specification(), timeout: .seconds(60))
        let process = try #require(await fake.process(fake.specification()))
        let line = try String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8).split(separator: "\0")
        #expect(line.suffix(2) == ["--backends", "/opt/b"])
        try await fake.stop()
    }

    @Test func `a deployment's own number of threads is left as it is`() async throws {
        let fake = try Self.fake(policy: .cpu)
        var specification = fake.specification()
        specification.threads = 7
        try await fake.supervisor.apply([specification])
        try await fake.supervisor.waitUntilReady(specification, timeout: .seconds(60))
        let process = try #require(await fake.process(specification))
        let line = try String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8).split(separator: "\0")
        #expect(line.suffix(4) == ["--threads", "7", "--gpu-layers", "0"])
        try await fake.stop()
    }
}
