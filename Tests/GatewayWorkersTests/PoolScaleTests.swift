import Testing

@testable import GatewayWorkers

/// The clock is moved by hand, a tenth of a second at a time.
@Suite struct PoolScaleTests {
    /// A deployment whose starts take no time unless something else is said.
    private struct Clock {
        let begun = ContinuousClock.now
        var passed = Duration.zero
        var scale: PoolScale

        init(_ bounds: PoolScale.Bounds, wanted: Int) {
            scale = PoolScale(bounds, wanted: wanted, at: begun)
        }

        /// How many are wanted after so many seconds of this load.
        mutating func run(
            _ seconds: Double,
            waiting: Int = 0,
            running: Int = 0,
            ready: Int? = nil,
            starting: Int = 0
        ) -> Int {
            for _ in 0..<Int(seconds * 10) {
                passed += .milliseconds(100)
                let sample = PoolScale.Sample(
                    waiting: waiting,
                    running: running,
                    starting: starting,
                    ready: ready ?? scale.wanted
                )
                scale.take(sample, at: begun + passed)
            }
            return scale.wanted
        }
    }

    private static func bounds(_ range: ClosedRange<Int>, idle: Duration = .seconds(10)) -> PoolScale.Bounds {
        PoolScale.Bounds(least: range.lowerBound, most: range.upperBound, idle: idle, target: 4)
    }

    @Test func `a fixed number stays whatever there is to do`() {
        var clock = Clock(Self.bounds(3...3), wanted: 0)
        let wanted = [clock.run(60), clock.run(60, waiting: 100, running: 12)]
        #expect(wanted == [3, 3])
    }

    @Test func `the last one stops after the idle time without a request and no sooner`() {
        var clock = Clock(Self.bounds(0...1), wanted: 1)
        let busy = clock.run(30, running: 1)
        let idle = clock.run(9.8)
        let later = clock.run(0.4)
        #expect([busy, idle, later] == [1, 1, 0])
    }

    @Test func `a request that came and went between two looks counts`() {
        var clock = Clock(Self.bounds(0...1), wanted: 1)
        for _ in 0..<4 {
            _ = clock.run(8)
            clock.passed += .milliseconds(100)
            clock.scale.take(PoolScale.Sample(isUsed: true, ready: 1), at: clock.begun + clock.passed)
        }
        #expect(clock.scale.wanted == 1)
    }

    @Test func `the first request that waits starts one, and only one until it is ready`() {
        var clock = Clock(Self.bounds(0...4), wanted: 0)
        #expect(clock.run(5) == 0)
        #expect(clock.run(0.1, waiting: 1, ready: 0) == 1)
        #expect(clock.run(30, waiting: 20, ready: 0, starting: 1) == 1)
        #expect(clock.run(0.1, waiting: 16, running: 4, ready: 1) == 2)
    }

    @Test func `a start that takes longer than the idle time is waited for`() {
        var clock = Clock(Self.bounds(0...1, idle: .seconds(1)), wanted: 1)
        #expect(clock.run(20, ready: 0, starting: 1) == 1)
        #expect(clock.run(20, ready: 0) == 0)
    }

    @Test func `a short burst starts none, a load that stays does, one at a time and never above the most`() {
        var clock = Clock(Self.bounds(1...3), wanted: 1)
        #expect(clock.run(0.2, waiting: 4, running: 4) == 1)
        #expect(clock.run(3) == 1)
        #expect(clock.run(3, waiting: 4, running: 4, ready: 1) == 2)
        #expect(clock.run(60, waiting: 500, running: 12) == 3)
    }

    @Test func `exactly as many requests as they should have change nothing`() {
        var clock = Clock(Self.bounds(1...3), wanted: 2)
        #expect(clock.run(120, running: 8) == 2)
    }

    @Test func `fewer are kept when fewer were enough with room to spare for the whole idle time`() {
        var clock = Clock(Self.bounds(1...4), wanted: 4)
        // Six of eight places of two: 70 % would not do.
        #expect(clock.run(60, running: 6) == 3)
        #expect(clock.run(8, running: 1) == 3)
        // Needed once more: the quiet time begins anew.
        #expect(clock.run(3, running: 8) == 3)
        #expect(clock.run(9, running: 1) == 3)
        // As many as were needed while it went down, and after as long again those that are needed now.
        #expect(clock.run(5, running: 1) == 2)
        #expect(clock.run(11, running: 1) == 1)
    }

    @Test func `a load that swings about a bound does not start and stop instances`() {
        var clock = Clock(Self.bounds(1...4, idle: .seconds(2)), wanted: 1)
        var changes = 0
        var last = 1
        for turn in 0..<60 {
            let wanted = clock.run(1, running: turn.isMultiple(of: 2) ? 3 : 5)
            changes += wanted == last ? 0 : 1
            last = wanted
        }
        #expect(changes <= 1)
    }

    @Test func `one that is warmed stays for the idle time`() {
        var clock = Clock(Self.bounds(0...2), wanted: 0)
        clock.scale.warm(at: clock.begun + clock.passed)
        #expect(clock.scale.wanted == 1)
        #expect(clock.run(9.5) == 1)
        #expect(clock.run(1) == 0)
    }

    @Test func `other bounds hold at once`() {
        var clock = Clock(Self.bounds(1...4), wanted: 4)
        clock.scale.change(Self.bounds(1...2))
        #expect(clock.scale.wanted == 2)
        clock.scale.change(Self.bounds(3...5))
        #expect(clock.scale.wanted == 3)
    }
}
