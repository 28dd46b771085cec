import Testing

@testable import Curl

@Suite struct FlowWindowTests {
    @Test func `the producer stops at the limit and goes on at half of it`() {
        var window = FlowWindow(limit: 100)
        #expect([window.admit(60), window.admit(60), window.admit(1)] == [true, true, false])
        #expect([window.take(60), window.take(20), window.take(20)] == [false, true, false])
        #expect(window.outstanding == 20)
    }

    @Test func `a producer that never stopped is never told to go on`() {
        var window = FlowWindow(limit: 100)
        #expect([window.admit(100), window.take(100)] == [true, false])
    }
}
