import Testing

@testable import GatewayWorkers

@Suite struct RestartBackoffTests {
    @Test func `each death in a row doubles the wait up to the longest`() {
        var backoff = RestartBackoff()
        let delays = (0..<11).map { _ in backoff.delay(afterRunning: .zero) }
        #expect(delays.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(delays.suffix(2) == [.seconds(30), .seconds(30)])
    }

    @Test func `a worker that lived for a minute is restarted at once`() {
        var backoff = RestartBackoff()
        for _ in 0..<8 { _ = backoff.delay(afterRunning: .zero) }
        let delay = backoff.delay(afterRunning: .seconds(60))
        #expect(delay == .milliseconds(100))
        #expect(backoff.failures == 1)
    }

    @Test func `deaths without end never overflow`() {
        var backoff = RestartBackoff()
        for _ in 0..<1000 { _ = backoff.delay(afterRunning: .zero) }
        let delay = backoff.delay(afterRunning: .zero)
        #expect(delay == .seconds(30))
    }
}
