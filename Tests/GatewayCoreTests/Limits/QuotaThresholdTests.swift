import GatewayCore
import Testing

@Suite struct QuotaThresholdTests {
    private let told = Gathered<QuotaEvent>()

    private func fixture(_ rules: [QuotaRule], history: @escaping UsageRegistry.History = { _, _ in [] })
        -> LimitFixture
    {
        let registry = UsageRegistry(
            wall: { LimitFixture.noon },
            history: history,
            onThreshold: { [told] in told.add($0) }
        )
        return LimitFixture(quotas: rules, registry: registry)
    }

    @Test func `80 and 100 percent are told once for each window and rule`() {
        let fixture = fixture([QuotaRule(.requests, 10, per: .day), QuotaRule(.tokens, 1000, per: .month)])
        _ = fixture.passing(7)
        #expect(told.all.isEmpty)
        _ = fixture.passing(1)
        #expect(told.all.map(\.percent) == [80])
        _ = fixture.passing(20)
        #expect(told.all.map(\.percent) == [80, 100])
        _ = fixture.passing(20, at: LimitFixture.at(86_400))
        #expect(told.all.map(\.percent) == [80, 100, 80, 100])
        #expect(told.all.allSatisfy { $0.measure == .requests && $0.amount == 10 && $0.window == .day })
        #expect(told.all[0].subject == LimitFixture.chat)
        #expect(told.all[0].used == 8)
        #expect(told.all[0].windowStart == LimitFixture.noon - 43_200)
        #expect(told.all[2].windowEnd == LimitFixture.noon + 86_400 + 43_200)
    }

    @Test func `a thousand requests at once tell each threshold once`() {
        let fixture = fixture([QuotaRule(.requests, 500, per: .day)])
        _ = thousandAtOnce { _ in
            (try? fixture.reserve())?.settle(.tokens(0), at: LimitFixture.at(0))
        }
        #expect(told.all.map(\.percent).sorted() == [80, 100])
    }

    @Test func `what is only estimated passes no threshold`() throws {
        let fixture = fixture([QuotaRule(.tokens, 100, per: .day)])
        let permit = try fixture.reserve(Demand(inputTokens: 100))
        #expect(fixture.refusal(Demand(inputTokens: 10)) != nil)
        permit.settle(.tokens(10), at: LimitFixture.at(0))
        #expect(told.all.isEmpty)
    }

    @Test func `a hard stop after 80 percent is the end of the quota`() throws {
        let fixture = fixture([QuotaRule(.tokens, 100, per: .day)])
        try fixture.reserve(Demand(inputTokens: 95)).settle(.tokens(95), at: LimitFixture.at(0))
        #expect(told.all.map(\.percent) == [80])
        for _ in 0..<3 { #expect(fixture.refusal(Demand(inputTokens: 10)) != nil) }
        #expect(told.all.map(\.percent) == [80, 100])
        #expect(told.all[1].used == 95)
    }

    @Test func `thresholds that were passed before a restart are not told again`() {
        let row = UsageRow(
            bucketStart: LimitFixture.noon,
            tenant: "demo",
            endpoint: "chat",
            deployment: "blue",
            caller: "",
            requests: 9,
            inputTokens: 0,
            outputTokens: 0,
            cost: 0
        )
        let fixture = fixture([QuotaRule(.requests, 10, per: .day)], history: { _, _ in [row] })
        #expect(fixture.passing(5) == 1)
        #expect(told.all.map(\.percent) == [100])
    }

    @Test func `a changed amount has thresholds of its own`() {
        let before = fixture([QuotaRule(.requests, 10, per: .day)])
        _ = before.passing(8)
        let after = LimitFixture(quotas: [QuotaRule(.requests, 100, per: .day)], registry: before.registry)
        _ = after.passing(71)
        #expect(told.all.map(\.percent) == [80])
        _ = before.passing(1)
        _ = after.passing(1)
        #expect(told.all.map(\.percent) == [80, 80])
        #expect(told.all.map(\.amount) == [10, 100])
    }

    @Test func `a quota that only warns tells its thresholds and refuses nothing`() {
        let fixture = fixture([QuotaRule(.requests, 10, per: .day, isWarnOnly: true)])
        #expect(fixture.passing(30) == 30)
        #expect(told.all.map(\.percent) == [80, 100])
        let status = fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))[0]
        #expect(status.used == 30)
        #expect(status.remaining == 0)
        #expect(status.warned == 20)
        #expect(status.refused == 0)
    }
}
