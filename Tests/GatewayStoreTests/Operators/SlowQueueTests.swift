import Dispatch
import Testing

@testable import GatewayStore

@Suite struct SlowQueueTests {
    @Test func `no more wait than may, and the others are told to come again`() async throws {
        let queue = SlowQueue(most: 2)
        let gate = DispatchSemaphore(value: 0)
        await withTaskGroup(of: StoreError?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do throws(StoreError) {
                        try await queue.run { gate.wait() }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for _ in 0..<3 { #expect(await group.next() == .busy(2)) }
            gate.signal()
            gate.signal()
            for _ in 0..<2 { #expect(await group.next() == .some(nil)) }
        }
        #expect(try await queue.run { 7 } == 7)
    }
}
