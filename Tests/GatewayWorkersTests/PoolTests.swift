import Testing

@testable import GatewayWorkers

@Suite struct PoolTests {
    private static func pool(_ range: ClosedRange<Int>, wanted: Int) -> Pool {
        var specification = WorkerSpecification(id: "demo/chat/local", modelPath: "m.gguf", modelName: "m")
        specification.scale(range, target: 4, idle: .seconds(300))
        return Pool(specification, wanted: wanted)
    }

    @Test func `requests may wait for what starts or sleeps, not for what dies again and again`() {
        let pool = Self.pool(0...2, wanted: 1)
        #expect(pool.state([(.starting, true)]) == .starting)
        #expect(pool.state([(.restarting(failures: 1, reason: "killed"), true)]) == .starting)
        #expect(pool.state([(.restarting(failures: 2, reason: "killed"), false)]) == .failing)
        #expect(pool.state([(.starting, false)]) == .failing)
        #expect(pool.state([(.starting, false), (.ready, true)]) == .serving)
        #expect(Self.pool(0...2, wanted: 0).state([]) == .asleep)
        #expect(pool.state([]) == .starting)
    }

    @Test func `what does not fit into memory is not waited for, and is tried again a second later`() {
        var pool = Self.pool(0...2, wanted: 1)
        let refusal = MemoryRefusal(need: MemoryNeed(file: 1, own: 1), missing: 2, free: 1, workers: 0)
        let now = ContinuousClock.now
        pool.refuse(refusal, at: now)
        #expect(pool.state([]) == .failing)
        #expect(!pool.mayTry(at: now + .milliseconds(900)) && pool.mayTry(at: now + .seconds(1)))
        pool.refuse(nil, at: now)
        #expect(pool.state([]) == .starting && pool.mayTry(at: now))
    }

    @Test func `settings that are being replaced follow no demand`() {
        var pool = Self.pool(0...2, wanted: 1)
        pool.change(pool.specification, isCurrent: false)
        pool.take(WorkerDemand(waiting: 100), [.ready], at: .now + .seconds(3600))
        #expect(pool.wanted == 1)
    }

    @Test func `what never answered does not fall asleep, for it would count as ready`() {
        var pool = Self.pool(0...2, wanted: 1)
        let begun = ContinuousClock.now
        pool.take(WorkerDemand(), [.restarting(failures: 3, reason: "damaged")], at: begun + .seconds(1000))
        #expect(pool.wanted == 1)
        pool.take(WorkerDemand(), [.ready], at: begun + .seconds(1001))
        pool.take(WorkerDemand(), [.ready], at: begun + .seconds(1400))
        #expect(pool.wanted == 0 && pool.state([]) == .asleep)
    }

    @Test func `what begins asleep stays so until somebody asks`() {
        var pool = Self.pool(0...2, wanted: 0)
        pool.take(WorkerDemand(), [], at: .now + .seconds(1))
        #expect(pool.wanted == 0)
        pool.take(WorkerDemand(waiting: 1), [], at: .now + .seconds(2))
        #expect(pool.wanted == 1)
    }
}
