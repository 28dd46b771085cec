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
        #expect(pace.rest(at: Self.times(5000, 700)) == .zero && !pace.isCrowded)
    }

    @Test mutating func `it rests the longer the more it had to wait, until it has a seventeenth of the time`() {
        _ = pace.rest(at: Self.times(0, 0))
        #expect(pace.rest(at: Self.times(10, 1)) == .milliseconds(16) && !pace.isCrowded)
        #expect(pace.rest(at: Self.times(20, 6)) == .milliseconds(80) && pace.isCrowded)
        #expect(pace.rest(at: Self.times(30, 506)) == .milliseconds(160) && pace.isCrowded)
        #expect(pace.rest(at: Self.times(40, 506)) == .zero && !pace.isCrowded)
    }

    @Test mutating func `where the system does not count it nothing is held back`() {
        #expect(pace.rest(at: nil) == .zero)
        #expect(pace.rest(at: Self.times(10, 10)) == .zero && !pace.isCrowded)
    }

    #if os(Linux)
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
