import GatewayCore
import Testing

/// A thousand requests at once against a limit of N (SECURITY D-4, R-4).
@Suite struct ExactLimitTests {
    /// What is limited, and by how much a request draws on it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fixture: @Sendable (Int64) -> LimitFixture
        let demand: Demand
        let share: Int64
        /// How many limits the headers of an answer tell of.
        var headers = 0

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "requests",
            fixture: { LimitFixture(limits: [LimitRule(.requests, $0, per: .hour)]) },
            demand: Demand(),
            share: 1,
            headers: 1
        ),
        Case(
            name: "concurrency",
            fixture: { LimitFixture(limits: [LimitRule(.concurrent, $0)]) },
            demand: Demand(),
            share: 1
        ),
        Case(
            name: "tokens",
            fixture: { LimitFixture(limits: [LimitRule(.tokens, $0 * 7, per: .hour)]) },
            demand: Demand(inputTokens: 3, outputTokens: 4),
            share: 7,
            headers: 1
        ),
        Case(
            name: "money",
            fixture: {
                LimitFixture(
                    quotas: [QuotaRule(.cost, $0 * 25, per: .day)],
                    price: Price(perThousandInputTokens: 1000, perThousandOutputTokens: 3000, perRequest: 10)
                )
            },
            demand: Demand(inputTokens: 3, outputTokens: 4),
            share: 25
        ),
    ]

    @Test(arguments: cases)
    func `exactly N of a thousand requests at once pass`(_ kind: Case) {
        for run in 0..<50 { expectExactly(Int64(run * 13 % 700 + 1), kind) { LimitFixture.at(Double($0) / 1e6) } }
    }

    /// A quarter to midnight: an hour forward is another day, an hour back and forth is another hour.
    @Test(arguments: cases)
    func `exactly N of a thousand requests at once pass while the wall clock is stepped`(_ kind: Case) {
        let beforeMidnight = 11.75 * 3600
        for run in 0..<50 {
            expectExactly(Int64(run * 13 % 700 + 1), kind) { request in
                LimitFixture.at(beforeMidnight + Double(request) / 1e6, wallStep: [0, 3600, -3600][request % 3])
            }
        }
    }

    /// What the answers say is what was decided: each of N remainders is told once, and none to those refused.
    private func expectExactly(_ limit: Int64, _ kind: Case, at moment: @escaping @Sendable (Int) -> Moment) {
        let fixture = kind.fixture(limit)
        // The day begins before the clock is stepped.
        _ = try? fixture.reserve(kind.demand, at: moment(0)).settle(.failed, at: moment(0))
        let results = thousandAtOnce { fixture.attempt(kind.demand, at: moment($0)) }
        var remaining: [Int64] = []
        var refused = 0
        for result in results {
            switch result {
            case .success(let permit): remaining.append(permit.entries[0].remaining)
            case .failure(.limited(let refusal)):
                let told = [refusal.report.requests, refusal.report.tokens].compactMap(\.self)
                #expect(told.count == kind.headers)
                refused += told.allSatisfy { $0.remaining == 0 } && refusal.retryAfter >= 1 ? 1 : 0
            case .failure: break
            }
        }
        #expect(remaining.sorted() == (0..<limit).map { $0 * kind.share })
        #expect(refused == 1000 - Int(limit))
    }

    @Test func `no request passes again when failed ones gave back what they held`() {
        let fixture = LimitFixture(limits: [
            LimitRule(.requests, 100, per: .hour), LimitRule(.tokens, 700, per: .hour), LimitRule(.concurrent, 500),
        ])
        let demand = Demand(inputTokens: 7)
        let answered = thousandAtOnce { request -> Int in
            guard let permit = try? fixture.reserve(demand, at: LimitFixture.at(0)) else { return 0 }
            let fails = request % 2 == 0
            permit.settle(fails ? .failed : .used(demand), at: LimitFixture.at(0))
            return fails ? 0 : 1
        }
        let more = fixture.passing(1000, demand)
        #expect(answered.reduce(0, +) + more == 100)
    }
}
