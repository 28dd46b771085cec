import Testing

@testable import GatewayStore

/// When captures are added to the index.
@Suite struct IndexPaceTests {
    private let start = ContinuousClock.now

    @Test func `while nothing comes it goes on until nothing is left`() {
        var pace = IndexPace(at: start)
        #expect(pace.isDue(at: start))
        pace.went(from: start, to: start + .milliseconds(50), isMore: true)
        #expect(pace.isDue(at: start + .milliseconds(50)))
        pace.went(from: start, to: start + .milliseconds(50), isMore: false)
        #expect(!pace.isDue(at: start + .seconds(9)))
        pace.came(1, at: start + .seconds(10))
        pace.came(0, at: start + .seconds(10))
        #expect(pace.isDue(at: start + .seconds(10)))
    }

    @Test func `beside captures it takes a sixth of the time, and never rests for more than a second`() {
        var pace = IndexPace(at: start)
        pace.came(100, at: start)
        pace.went(from: start, to: start + .milliseconds(20), isMore: true)
        #expect(!pace.isDue(at: start + .milliseconds(119)) && pace.isDue(at: start + .milliseconds(120)))
        pace.went(from: start, to: start + .seconds(3), isMore: true)
        #expect(!pace.isDue(at: start + .milliseconds(3999)) && pace.isDue(at: start + .seconds(4)))
    }

    @Test func `while more than 1,500 a second come it waits, and goes on when they are fewer`() {
        var pace = IndexPace(at: start)
        pace.came(3100, at: start + .seconds(2))
        #expect(!pace.isDue(at: start + .seconds(60)))
        pace.came(1400, at: start + .seconds(3))
        #expect(pace.isDue(at: start + .seconds(3)))
    }
}
