import GatewayCore
import Testing

@Suite struct RetryBudgetTests {
    private static let second: Int64 = 1_000_000_000

    private func spend(_ budget: RetryBudget, _ times: Int, at now: Int64) -> Int {
        (0..<times).count { _ in budget.spend(at: now) }
    }

    @Test func `without traffic there are ten retries, and two more each second`() {
        let budget = RetryBudget()
        #expect(spend(budget, 100, at: 0) == 10)
        #expect(spend(budget, 100, at: Self.second) == 2)
        #expect(spend(budget, 100, at: 100 * Self.second) == 10)
    }

    @Test(arguments: [10, 100, 500]) func `of a steady load 20 per cent may be sent again`(perSecond: Int) {
        let budget = RetryBudget()
        var retries = 0
        for second in 0..<60 {
            for request in 0..<perSecond {
                // Every request fails and asks.
                let now = Int64(second) * Self.second + Int64(request) * Self.second / Int64(perSecond)
                budget.earn(at: now)
                if budget.spend(at: now) { retries += 1 }
            }
        }
        #expect(retries <= perSecond * 60 / 5 + 10 + 2 * 60)
        #expect(retries >= perSecond * 60 / 5)
    }

    @Test func `a sudden outage finds what ten seconds have earned, and no more`() {
        let budget = RetryBudget()
        for request in 0..<60 * 500 { budget.earn(at: Int64(request) * Self.second / 500) }
        let spent = spend(budget, 100_000, at: 60 * Self.second)
        #expect((900...1100).contains(spent))
    }

    @Test func `a burst of requests that all fail at once is no rate of ten seconds`() {
        let budget = RetryBudget()
        for _ in 0..<1000 { budget.earn(at: 0) }
        #expect(spend(budget, 100_000, at: 0) <= 200 + 10)
    }

    @Test func `threads never spend more than there is`() async {
        let budget = RetryBudget()
        let spent = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { (0..<1000).count { _ in budget.spend(at: 0) } } }
            return await group.reduce(0, +)
        }
        #expect(spent == 10)
    }
}
