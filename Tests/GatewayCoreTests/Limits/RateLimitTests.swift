import GatewayCore
import Testing

@Suite struct RateLimitTests {
    @Test(arguments: LimitRule.Period.allCases)
    func `the burst passes at once and the rest at the limit's pace`(period: LimitRule.Period) {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 60, per: period, burst: 5)])
        let step = Double(period.seconds) / 60
        #expect(fixture.passing(10) == 5)
        #expect(fixture.passing(10, at: LimitFixture.at(step * 1.01)) == 1)
        #expect(fixture.passing(10, at: LimitFixture.at(step * 3.02)) == 2)
        #expect(fixture.passing(10, at: LimitFixture.at(step * 1000)) == 5)
    }

    @Test func `without a burst the whole amount may come at once`() {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 7, per: .hour)])
        #expect(fixture.passing(10) == 7)
        #expect(fixture.passing(10, at: LimitFixture.at(514.28)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(514.29)) == 1)
    }

    @Test func `rates that are no whole number of nanoseconds are not rounded`() {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 7, per: .second, burst: 2)])
        let passed = (0...7000).count { fixture.refusal(at: LimitFixture.at(Double($0) / 100)) == nil }
        #expect(passed == 70 * 7 + 2)
    }

    @Test func `clocks that loops read in another order than they ask let no request less pass`() {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 3, per: .second)])
        #expect(fixture.passing(1, at: LimitFixture.at(1)) == 1)
        #expect(fixture.passing(9, at: LimitFixture.at(0.9)) == 2)
    }

    @Test func `Retry-After is when the request would pass, in whole seconds`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 10, per: .minute)])
        #expect(fixture.passing(10) == 10)
        let refusal = try #require(fixture.refusal(at: LimitFixture.at(0.5)))
        #expect(refusal.retryAfter == 6)
        #expect(!refusal.isQuota)
        #expect(refusal.message == "The limit of 10 requests per minute of endpoint demo/chat is used up.")
        #expect(fixture.refusal(at: LimitFixture.at(5.99)) != nil)
        #expect(fixture.refusal(at: LimitFixture.at(6)) == nil)
    }

    @Test func `a request that needs more than the limit ever has is told that it can never pass`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 1000, per: .minute, burst: 100)])
        let refusal = try #require(fixture.refusal(Demand(inputTokens: 60, outputTokens: 41)))
        #expect(
            refusal.message
                == "This request alone needs more than the limit of 1000 tokens per minute, 100 at once, of "
                + "endpoint demo/chat allows; it can never pass."
        )
        #expect(refusal.retryAfter == 60)
        #expect(refusal.report.tokens?.remaining == 100)
        #expect(fixture.passing(2, Demand(inputTokens: 60, outputTokens: 40)) == 1)
    }

    @Test func `body bytes are limited`() {
        let fixture = LimitFixture(limits: [LimitRule(.bodyBytes, 1 << 20, per: .minute)])
        #expect(fixture.passing(10, Demand(bodyBytes: 1 << 18)) == 4)
        #expect(fixture.passing(10, Demand(bodyBytes: 0)) == 10)
        #expect(fixture.passing(10, Demand(bodyBytes: 1)) == 0)
    }

    @Test func `running requests are limited until they end`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.concurrent, 2)])
        let first = try fixture.reserve()
        let second = try fixture.reserve()
        let refusal = try #require(fixture.refusal())
        #expect(refusal.retryAfter == 1)
        #expect(refusal.message == "The limit of 2 requests at a time of endpoint demo/chat is used up.")
        first.settle(.tokens(0), at: LimitFixture.at(1))
        #expect(fixture.passing(5) == 1)
        second.settle(.failed, at: LimitFixture.at(1))
        #expect(fixture.passing(5) == 2)
    }

    @Test(arguments: [Int64.max, .max / 2, 1_000_000_000_000_000, 1, 0, -5, .min])
    func `no number overflows`(amount: Int64) throws {
        let limits = LimitRule.Measure.allCases.flatMap { measure in
            [LimitRule(measure, amount, per: measure == .concurrent ? nil : .hour, burst: amount)]
        }
        let quotas = QuotaRule.Measure.allCases.map { QuotaRule($0, amount, per: .month) }
        let price = Price(perThousandInputTokens: .max, perThousandOutputTokens: .max, perRequest: .max)
        let fixture = LimitFixture(limits: limits, quotas: quotas, price: price)
        for value in [Int64.max, 1, 0, -1, .min] {
            for uptime in [Int64.min, 0, .max] {
                let now = Moment(uptime: uptime, wall: value)
                let demand = Demand(inputTokens: value, outputTokens: value, bodyBytes: value)
                let permit = try? fixture.reserve(demand, at: now)
                _ = permit?.report
                permit?.settle(.used(demand), at: now)
                let small = try? fixture.reserve(at: now)
                small?.settle(.used(demand), at: now)
                #expect(fixture.registry.status(of: LimitFixture.chat, at: now).count == 7)
            }
        }
    }
}
