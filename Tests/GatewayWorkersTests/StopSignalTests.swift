import Testing

@testable import GatewayWorkers

@Suite(.timeLimit(.minutes(3))) struct StopSignalTests {
    @Test func `everybody who waits goes on`() async {
        let signal = StopSignal()
        await withTaskGroup { group in
            for _ in 0..<3 { group.addTask { await signal.wait() } }
            signal.set()
        }
        await signal.wait()
        #expect(signal.isSet)
    }

    @Test func `a wait ends with its task`() async {
        let signal = StopSignal()
        let task = Task { await signal.wait() }
        task.cancel()
        await task.value
        #expect(!signal.isSet)
    }

    @Test func `a wait ends with its time`() async {
        await StopSignal().wait(atMost: .milliseconds(1))
    }
}
