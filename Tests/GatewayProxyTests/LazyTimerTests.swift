import NIOCore
import NIOEmbedded
import Testing

@testable import GatewayProxy

/// The timer compares with the real clock, so deadlines here are far in the past or the future of it.
@Suite struct LazyTimerTests {
    private let loop = EmbeddedEventLoop()

    /// Counts what a timer does.
    private final class Count {
        var value = 0
    }

    private func timer(_ count: Count) -> LazyTimer { LazyTimer(on: loop) { count.value += 1 } }

    private let past = NIODeadline.uptimeNanoseconds(1)

    @Test func `a deadline that has passed is met once`() {
        let count = Count()
        let timer = timer(count)
        timer.set(past)
        #expect(count.value == 0)
        loop.advanceTime(by: .seconds(1))
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 1)
    }

    @Test func `a deadline moved back is looked at again and not met early`() {
        let count = Count()
        let timer = timer(count)
        timer.set(past)
        timer.set(.now() + .hours(1))
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 0)
    }

    @Test func `a deadline moved forward is met in time`() {
        let count = Count()
        let timer = timer(count)
        timer.set(.now() + .hours(1))
        timer.set(past)
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 1)
    }

    @Test func `an earlier deadline stays`() {
        let count = Count()
        let timer = timer(count)
        timer.set(past)
        timer.setIfEarlier(.now() + .hours(1))
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 1)
    }

    @Test func `a cleared deadline is not met, and the timer can be set again`() {
        let count = Count()
        let timer = timer(count)
        timer.set(past)
        timer.clear()
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 0)
        timer.set(past)
        loop.advanceTime(by: .seconds(1))
        #expect(count.value == 1)
    }

    @Test func `a cancelled timer does nothing`() {
        let count = Count()
        let timer = timer(count)
        timer.set(past)
        timer.cancel()
        loop.advanceTime(by: .hours(2))
        #expect(count.value == 0)
    }

    @Test func `a cancelled timer is held by nobody`() {
        var gone: LazyTimer? = timer(Count())
        weak let seen = gone
        gone?.set(past)
        gone?.cancel()
        gone = nil
        loop.advanceTime(by: .seconds(1))
        #expect(seen == nil)
    }
}
