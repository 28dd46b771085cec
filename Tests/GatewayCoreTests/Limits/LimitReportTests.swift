import Testing

@testable import GatewayCore

@Suite struct LimitReportTests {
    @Test func `the report says what is left right after the decision`() throws {
        let fixture = LimitFixture(
            limits: [
                LimitRule(.requests, 60, per: .minute), LimitRule(.tokens, 6000, per: .minute, burst: 3000),
                LimitRule(.concurrent, 8), LimitRule(.bodyBytes, 1000, per: .second),
            ],
            quotas: [QuotaRule(.cost, 1_000_000, per: .week)],
            price: Price(perRequest: 500)
        )
        let permit = try fixture.reserve(Demand(inputTokens: 100, outputTokens: 200, bodyBytes: 10))
        #expect(permit.report.warnings.isEmpty)
        #expect(
            permit.entries.map(\.policy) == [
                "endpoint-requests-minute", "endpoint-tokens-minute", "endpoint-concurrent", "endpoint-bytes-second",
                "endpoint-cost-week",
            ]
        )
        #expect(permit.entries.map(\.words.measure) == [.requests, .tokens, .concurrent, .bodyBytes, .cost])
        #expect(permit.entries.map(\.words.limit) == ["60", "6000", "8", "1000", "1000000"])
        #expect(permit.entries.map(\.remaining) == [59, 2700, 7, 990, 999_500])
        #expect(permit.entries.map(\.window) == [60, 60, nil, 1, 604_800])
        #expect(permit.entries.map(\.words.isQuota) == [false, false, false, false, true])
        let untilMonday: Int64 = (5 * 86_400 + 43_200) * 1_000_000_000
        #expect(permit.entries.map(\.resetAfter) == [1_000_000_000, 3_000_000_000, 0, 10_000_000, untilMonday])
        #expect(permit.report == .tightest(of: permit.entries))
    }

    @Test func `of each kind the tightest is told, of all that have a window too, but never money`() throws {
        let fixture = LimitFixture(
            limits: [
                LimitRule(.requests, 100, per: .minute), LimitRule(.requests, 4, per: .hour),
                LimitRule(.tokens, 1000, per: .minute), LimitRule(.tokens, 500, per: .hour), LimitRule(.concurrent, 1),
                LimitRule(.bodyBytes, 10, per: .minute),
            ],
            quotas: [QuotaRule(.requests, 3, per: .day), QuotaRule(.cost, 1, per: .day)],
            price: Price(perRequest: 1)
        )
        let permit = try fixture.reserve(Demand(inputTokens: 100, bodyBytes: 8))
        #expect(permit.report.requests?.policy == "endpoint-requests-day")
        #expect(permit.report.tokens?.policy == "endpoint-tokens-hour")
        #expect(permit.report.timed?.policy == "endpoint-bytes-minute")
        #expect(permit.report == .tightest(of: permit.entries))
    }

    @Test func `a refusal reports what was there and took nothing`() throws {
        let fixture = LimitFixture(limits: [
            LimitRule(.tokens, 100, per: .minute), LimitRule(.requests, 5, per: .minute),
        ])
        _ = try fixture.reserve(Demand(inputTokens: 80))
        let refusal = try #require(fixture.refusal(Demand(inputTokens: 30)))
        #expect(refusal.report.tokens?.remaining == 20)
        #expect(refusal.report.requests?.remaining == 4)
        #expect(refusal.retryAfter == 6)
        #expect(fixture.refusal(Demand(inputTokens: 20)) == nil)
    }

    @Test func `a refusal tells of the rule that refused, and of the moment when to come again`() throws {
        let fixture = LimitFixture(limits: [
            LimitRule(.requests, 10, per: .minute), LimitRule(.tokens, 1000, per: .hour),
        ])
        for _ in 0..<9 { _ = try fixture.reserve(Demand(inputTokens: 55)) }
        let refusal = try #require(fixture.refusal(Demand(inputTokens: 600)))
        #expect(refusal.report.requests?.remaining == 1)
        #expect(refusal.report.tokens?.remaining == 505)
        #expect(refusal.report.timed?.policy == "endpoint-tokens-hour")
        #expect(refusal.report.timed?.resetAfter == refusal.retryAfter * 1_000_000_000)
        #expect(refusal.retryAfter == 342)
    }

    @Test func `a refusal for money or concurrency tells of no other window`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.concurrent, 1), LimitRule(.requests, 10, per: .minute)])
        let permit = try fixture.reserve()
        let refusal = try #require(fixture.refusal())
        #expect(refusal.report.timed == nil && refusal.report.requests?.remaining == 9)
        _ = permit
    }

    @Test func `of several rules the one that keeps a request waiting longest is named`() throws {
        let fixture = LimitFixture(
            limits: [LimitRule(.requests, 1, per: .second), LimitRule(.requests, 1, per: .hour)],
            quotas: [QuotaRule(.requests, 2, per: .day)]
        )
        _ = try fixture.reserve()
        let refusal = try #require(fixture.refusal())
        #expect(refusal.message.contains("1 request per hour"))
        #expect(refusal.retryAfter == 3600)
        #expect(!refusal.isQuota)
    }

    @Test func `a rule that only warns refuses nothing, is named, counted, and not told to callers`() throws {
        let fixture = LimitFixture(limits: [
            LimitRule(.requests, 2, per: .hour, isWarnOnly: true), LimitRule(.concurrent, 1, isWarnOnly: true),
            LimitRule(.requests, 5, per: .hour),
        ])
        let permits = try (0..<5).map { _ in try fixture.reserve() }
        #expect(
            permits.map { $0.entries.map(\.policy) } == Array(repeating: ["endpoint-requests-hour"], count: 5)
        )
        #expect(
            permits.map(\.report.warnings) == [
                [], ["endpoint-concurrent"], ["endpoint-requests-hour", "endpoint-concurrent"],
                ["endpoint-requests-hour", "endpoint-concurrent"], ["endpoint-requests-hour", "endpoint-concurrent"],
            ]
        )
        #expect(fixture.refusal() != nil)
        let status = fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))
        #expect(status.map(\.warned) == [3, 4, 0])
        #expect(status.map(\.refused) == [0, 0, 1])
        for permit in permits { permit.settle(.failed, at: LimitFixture.at(0)) }
        let after = fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))
        #expect(after.map(\.used) == [0, 0, 0])
    }

    @Test(arguments: [
        (UsageSubject.tenant("demo"), "tenant demo"),
        (.deployment(tenant: "demo", endpoint: "chat", deployment: "blue"), "deployment demo/chat/blue"),
        (.caller(tenant: "demo", label: "demo/chat#primary"), "caller demo/chat#primary"),
    ])
    func `a refusal says whose limit it is`(subject: UsageSubject, words: String) throws {
        let registry = UsageRegistry(wall: { LimitFixture.noon })
        let rules = UsageRules(limits: [LimitRule(.requests, 1, per: .minute)])
        let scopes = UsageScopes(caller: registry.scope(subject, rules))
        let now = LimitFixture.at(0)
        _ = try registry.reserve(scopes, Demand(), address: nil, price: nil, at: now)
        do {
            _ = try registry.reserve(scopes, Demand(), address: nil, price: nil, at: now)
            Issue.record("the second request passed")
        } catch .limited(let refusal) {
            #expect(refusal.message == "The limit of 1 request per minute of \(words) is used up.")
        }
    }
}
