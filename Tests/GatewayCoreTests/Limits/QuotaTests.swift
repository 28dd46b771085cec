import GatewayCore
import Testing

@Suite struct QuotaTests {
    private static let day: Double = 86_400

    private func status(_ fixture: LimitFixture, at now: Moment = LimitFixture.at(0)) -> LimitStatus? {
        fixture.registry.status(of: LimitFixture.chat, at: now).first
    }

    @Test func `a quota stops at its amount and opens with the next window`() throws {
        let fixture = LimitFixture(quotas: [QuotaRule(.requests, 3, per: .day)])
        #expect(fixture.passing(10) == 3)
        let refusal = try #require(fixture.refusal())
        #expect(refusal.isQuota)
        #expect(refusal.retryAfter == 12 * 3600)
        #expect(refusal.message == "The quota of 3 requests per day of endpoint demo/chat is used up.")
        #expect(refusal.report.timed?.window == 86_400)
        #expect(fixture.passing(10, at: LimitFixture.at(Self.day / 2 - 1)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(Self.day / 2)) == 3)
    }

    @Test func `money is counted by the deployment's price`() throws {
        let price = Price(perThousandInputTokens: 2000, perThousandOutputTokens: 4000, perRequest: 100)
        let fixture = LimitFixture(quotas: [QuotaRule(.cost, 1_500_000, per: .month)], price: price)
        let permit = try fixture.reserve(Demand(inputTokens: 100, outputTokens: 1000))
        #expect(status(fixture)?.used == 4300)
        #expect(permit.settle(.tokens(100, 10), at: LimitFixture.at(0)) == 340)
        #expect(status(fixture)?.used == 340)
        let refusal = try #require(fixture.refusal(Demand(outputTokens: 400_000)))
        #expect(refusal.message.contains("the quota of 1.5 (cost) per month of endpoint demo/chat"))
        #expect(refusal.message.contains("never pass"))
    }

    @Test func `a money quota does not concern answers without a price`() {
        var fixture = LimitFixture(quotas: [QuotaRule(.cost, 10, per: .month)], price: Price(perRequest: 10))
        #expect(fixture.passing(5) == 1)
        fixture.price = nil
        #expect(fixture.passing(5) == 5)
    }

    @Test func `a used up quota stops also requests whose use nobody can foretell`() throws {
        let fixture = LimitFixture(quotas: [QuotaRule(.tokens, 100, per: .month)])
        try fixture.reserve().settle(.tokens(100), at: LimitFixture.at(0))
        #expect(fixture.refusal() != nil)
    }

    @Test func `a request that ends in a later window than it began changes nothing there`() throws {
        let fixture = LimitFixture(quotas: [QuotaRule(.tokens, 100, per: .day)])
        let permit = try fixture.reserve(Demand(inputTokens: 60))
        let tomorrow = LimitFixture.at(Self.day)
        #expect(fixture.passing(1, Demand(inputTokens: 90), at: tomorrow) == 1)
        permit.settle(.failed, at: tomorrow)
        #expect(status(fixture, at: tomorrow)?.used == 90)
    }

    @Test(arguments: [3600, -3600] as [Int64])
    func `a stepped clock opens no quota and keeps none open`(step: Int64) {
        let fixture = LimitFixture(quotas: [QuotaRule(.requests, 3, per: .day)])
        let beforeMidnight = Self.day / 2 - 60
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight)) == 3)
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight + 1, wallStep: step)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight + 2)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight + 61)) == 3)
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight + 62, wallStep: step)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(beforeMidnight + 63)) == 0)
    }

    @Test func `Retry-After tells the truth after a step of the clock`() throws {
        let fixture = LimitFixture(quotas: [QuotaRule(.requests, 1, per: .day)])
        let beforeMidnight = Self.day / 2 - 60
        #expect(fixture.passing(1, at: LimitFixture.at(beforeMidnight)) == 1)
        #expect(fixture.refusal(at: LimitFixture.at(beforeMidnight, wallStep: 3600))?.retryAfter == 60)
        #expect(fixture.refusal(at: LimitFixture.at(beforeMidnight, wallStep: -3600))?.retryAfter == 3660)
    }

    @Test func `a machine that slept over the end of a window gets the next one`() {
        let fixture = LimitFixture(quotas: [QuotaRule(.requests, 3, per: .day)])
        #expect(fixture.passing(10) == 3)
        #expect(fixture.passing(10, at: LimitFixture.at(1, wallStep: 20 * 3600)) == 3)
    }

    @Test func `a clock that was years ahead does not leave a quota closed for years`() {
        let fixture = LimitFixture(quotas: [QuotaRule(.requests, 3, per: .day)])
        #expect(fixture.passing(10, at: LimitFixture.at(0, wallStep: 400 * 86_400)) == 3)
        #expect(fixture.passing(10, at: LimitFixture.at(1)) == 0)
        #expect(fixture.passing(10, at: LimitFixture.at(Self.day)) == 3)
    }

    @Test func `a changed amount goes on with what was used`() {
        let registry = UsageRegistry(wall: { LimitFixture.noon })
        let before = LimitFixture(quotas: [QuotaRule(.requests, 3, per: .day)], registry: registry)
        #expect(before.passing(2) == 2)
        let after = LimitFixture(quotas: [QuotaRule(.requests, 5, per: .day)], registry: registry)
        #expect(after.passing(10) == 3)
        #expect(before.passing(10) == 0)
    }

    @Test func `quotas go on with what the store has counted in their window`() {
        let history: UsageRegistry.History = { subject, start in
            #expect(start == LimitFixture.noon - 43_200)
            #expect(subject == LimitFixture.chat)
            return Self.rows
        }
        let registry = UsageRegistry(wall: { LimitFixture.noon }, history: history)
        let fixture = LimitFixture(quotas: Self.daily, price: Price(perRequest: 1), registry: registry)
        #expect(registry.status(of: LimitFixture.chat, at: LimitFixture.at(0)).map(\.used) == [3, 70, 9])
        #expect(fixture.passing(200) == 91)
    }

    @Test func `rows restore quotas that are there already`() {
        let fixture = LimitFixture(quotas: Self.daily)
        fixture.registry.restore(Self.rows)
        #expect(fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0)).map(\.used) == [3, 70, 9])
        fixture.registry.restore(Self.rows)
        #expect(fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0)).map(\.used) == [3, 70, 9])
    }

    private static let daily = QuotaRule.Measure.allCases.map { QuotaRule($0, 100, per: .day) }
    private static let rows = [
        row(0, requests: 1), row(-900, requests: 2), row(-43_200 - 900, requests: 50), row(0, "other", requests: 50),
    ]

    private static func row(_ offset: Int64, _ endpoint: String = "chat", requests: Int64) -> UsageRow {
        UsageRow(
            bucketStart: LimitFixture.noon + offset,
            tenant: "demo",
            endpoint: endpoint,
            deployment: "blue",
            caller: "demo#app",
            requests: requests,
            inputTokens: 10 * requests,
            outputTokens: 20,
            cost: 3 * requests
        )
    }
}
