import Testing

@testable import GatewayWorkers

@Suite struct ThreadShareTests {
    private static func claim(_ workers: Int, _ threads: Int? = nil, gpu: Bool = false) -> ThreadShare.Claim {
        ThreadShare.Claim(workers: workers, threads: threads, isOnGPU: gpu)
    }

    @Test func `the cores that event loops leave are divided among all workers that there may be`() {
        let share = ThreadShare(cores: 16, loops: 4)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(1)], running: 0) == 12)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(2), Self.claim(1)], running: 0) == 4)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(5)], running: 0) == 2)
    }

    @Test func `half of the cores are for the event loops where each core has one`() {
        #expect(ThreadShare(cores: 16, loops: nil).cores == 8)
        #expect(ThreadShare(cores: 2, loops: nil).cores == 1)
        #expect(ThreadShare(cores: 1, loops: nil).cores == 1)
        #expect(ThreadShare(cores: 2, loops: 1024).cores == 1)
    }

    @Test func `a worker has one thread at least, and no more than what is really free`() {
        let share = ThreadShare(cores: 8, loops: 2)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(100)], running: 0) == 1)
        // A second deployment, made when the first one's worker already has all six.
        #expect(share.threads(isOnGPU: false, among: [Self.claim(1), Self.claim(1)], running: 6) == 1)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(1), Self.claim(1)], running: 4) == 2)
    }

    @Test func `a worker on a GPU has one thread, which is not the others'`() {
        let share = ThreadShare(cores: 8, loops: 2)
        let claims = [Self.claim(2, gpu: true), Self.claim(1)]
        #expect(share.threads(isOnGPU: true, among: claims, running: 0) == 1)
        #expect(share.threads(isOnGPU: false, among: claims, running: 2) == 4)
    }

    @Test func `threads that a deployment names are taken from what the others divide`() {
        let share = ThreadShare(cores: 10, loops: 2)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(1, 6), Self.claim(2)], running: 0) == 1)
        #expect(share.threads(isOnGPU: false, among: [Self.claim(1, 2), Self.claim(2)], running: 0) == 3)
        let absurd = [Self.claim(.max, .max), Self.claim(.max, .max), Self.claim(.max)]
        #expect(share.threads(isOnGPU: false, among: absurd, running: 0) == 1)
    }

    @Test func `however workers start one after the other, together they have no more threads than cores are free`() {
        for cores in 2...32 {
            for workers in 1...8 where workers <= ThreadShare(cores: cores, loops: nil).cores {
                let share = ThreadShare(cores: cores, loops: nil)
                var running = 0
                for _ in 0..<workers {
                    running += share.threads(isOnGPU: false, among: [Self.claim(workers)], running: running)
                }
                #expect(running <= share.cores, "\(workers) workers on \(cores) cores")
            }
        }
    }
}
