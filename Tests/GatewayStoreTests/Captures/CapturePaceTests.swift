import Foundation
import Testing

@testable import GatewayStore

/// How much of a processor captures may have.
@Suite struct CapturePaceTests {
    private var pace = CapturePace()

    private static func times(_ ran: Int, _ waited: Int) -> ThreadTimes {
        ThreadTimes(ran: .milliseconds(ran), waited: .milliseconds(waited))
    }

    @Test mutating func `where it need not wait it does not rest`() {
        #expect(pace.rest(at: Self.times(1000, 700)) == .zero)
        #expect(pace.rest(at: Self.times(5000, 700)) == .zero && !pace.isHeldBack)
    }

    @Test mutating func `it rests the longer the more it had to wait, until it has a seventeenth of the time`() {
        _ = pace.rest(at: Self.times(0, 0))
        #expect(pace.rest(at: Self.times(10, 1)) == .milliseconds(16) && !pace.isHeldBack)
        #expect(pace.rest(at: Self.times(20, 6)) == .milliseconds(80) && pace.isHeldBack)
        #expect(pace.rest(at: Self.times(30, 506)) == .milliseconds(160) && pace.isHeldBack)
        #expect(pace.rest(at: Self.times(40, 506)) == .zero && !pace.isHeldBack)
    }

    private static func machine(_ busy: Int, _ total: Int) -> MachineTimes {
        MachineTimes(busy: .milliseconds(busy), total: .milliseconds(total))
    }

    @Test(arguments: [(1, 100, 50_000, 6), (2, 100, 1_638_400, 12), (2, 10, 1_638_400, 12), (64, 320, 0, 120)])
    func `where others have more than an eighth of the machine so many are written a second, by its processors`(
        processors: Int,
        captures: Int,
        bytes: Int,
        times: Int
    ) {
        var pace = CapturePace(processors: processors)
        func rest(_ ran: Int, _ machine: MachineTimes? = nil) -> Duration {
            pace.wrote(captures, bytes: bytes)
            return pace.rest(at: Self.times(ran, 0), of: machine)
        }
        _ = rest(0, Self.machine(0, 0))
        #expect(rest(10, Self.machine(100, 1000)) == .zero && !pace.isHeldBack)
        // 10 of the 140 are its own.
        for rest in [rest(20, Self.machine(240, 2000)), rest(30)] {
            #expect(abs(rest * times / .seconds(1) - 1) < 0.001)
        }
        #expect(pace.isHeldBack)
        // Two of these steps lie between the looks.
        #expect(rest(100, Self.machine(440, 3000)) == .zero && !pace.isHeldBack)
    }

    @Test mutating func `what it has had to wait counts where that is more`() {
        _ = pace.rest(at: Self.times(0, 0), of: Self.machine(0, 0))
        _ = pace.rest(at: Self.times(0, 0), of: Self.machine(900, 1000))
        pace.wrote(1, bytes: 0)
        #expect(pace.rest(at: Self.times(10, 10)) == .milliseconds(160) && pace.isHeldBack)
        #expect(pace.rest(at: Self.times(20, 10)) == .zero && pace.isHeldBack)
    }

    @Test mutating func `where the system does not count it nothing is held back`() {
        #expect(pace.rest(at: nil) == .zero)
        #expect(pace.rest(at: Self.times(10, 10)) == .zero && !pace.isHeldBack)
    }

    #if os(Linux)
        @Test func `the system tells what its processors have done`() throws {
            let before = try #require(MachineTimes.current)
            let end = ContinuousClock.now + .milliseconds(200)
            var sum: UInt64 = 1
            while ContinuousClock.now < end { sum = sum &* 3 }
            let after = try #require(withExtendedLifetime(sum) { MachineTimes.current })
            #expect(after.busy > before.busy && after.total >= after.busy)
            // Of one processor at least, but for what is less than the system counts.
            #expect(after.total - before.total > .milliseconds(100))
        }

        @Test func `the system tells what a thread ran and waited`() async throws {
            let thread = JobThread(name: "times")
            let (before, after) = await withCheckedContinuation { found in
                thread.run {
                    let before = ThreadTimes.current
                    var sum: UInt64 = 1
                    let end = ContinuousClock.now + .milliseconds(50)
                    while ContinuousClock.now < end { sum = sum &* 3 }
                    withExtendedLifetime(sum) { found.resume(returning: (before, ThreadTimes.current)) }
                }
            }
            let (first, last) = (try #require(before), try #require(after))
            // All of that time it ran or waited, but for what the counting itself takes.
            let gone = last.ran + last.waited - first.ran - first.waited
            #expect(gone > .milliseconds(40) && last.ran > first.ran)
        }
    #endif
}
