import GatewayCore
import Testing

@Suite struct RoundRobinTests {
    @Test func `turns go round`() {
        let turn = RoundRobin()
        #expect((0..<7).map { _ in turn.next(below: 3) } == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test(arguments: [0, 1]) func `without a choice it is always the first`(count: Int) {
        let turn = RoundRobin()
        #expect((0..<3).map { _ in turn.next(below: count) } == [0, 0, 0])
    }
}
