import GatewayCore
import Testing

@Suite struct PermitTests {
    private static let all = [
        LimitRule(.requests, 10, per: .minute), LimitRule(.tokens, 1000, per: .minute), LimitRule(.concurrent, 10),
        LimitRule(.bodyBytes, 1000, per: .minute),
    ]
    private static let demand = Demand(inputTokens: 50, outputTokens: 50, bodyBytes: 100)

    private func remaining(_ fixture: LimitFixture, at now: Moment = LimitFixture.at(0)) -> [Int64] {
        fixture.registry.status(of: LimitFixture.chat, at: now).map(\.remaining)
    }

    @Test func `a failed request gives everything back`() throws {
        let quotas = QuotaRule.Measure.allCases.map { QuotaRule($0, 1_000_000, per: .day) }
        let fixture = LimitFixture(limits: Self.all, quotas: quotas, price: Price(perRequest: 7))
        let permit = try fixture.reserve(Self.demand)
        #expect(remaining(fixture) == [9, 900, 9, 900, 999_999, 999_900, 999_993])
        #expect(permit.settle(.failed, at: LimitFixture.at(0)) == 0)
        #expect(remaining(fixture) == [10, 1000, 10, 1000, 1_000_000, 1_000_000, 1_000_000])
    }

    @Test(arguments: [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [5, 2, 9, 0, 7, 1, 8, 3, 6, 4],
    ])
    func `failed requests give everything back in whatever order they fail`(order: [Int]) throws {
        let fixture = LimitFixture(limits: Self.all)
        let permits = try (0..<10).map { _ in try fixture.reserve(Self.demand) }
        #expect(fixture.refusal() != nil)
        for index in order { permits[index].settle(.failed, at: LimitFixture.at(0)) }
        #expect(remaining(fixture) == [10, 1000, 10, 1000])
    }

    @Test func `what has drained meanwhile is not given back a second time`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 10, per: .minute)])
        let permits = try (0..<10).map { _ in try fixture.reserve() }
        let later = LimitFixture.at(60)
        #expect(fixture.passing(20, at: later) == 10)
        for permit in permits { permit.settle(.failed, at: later) }
        #expect(fixture.passing(20, at: later) == 0)
    }

    @Test func `what moved up in the queue drains earlier and is not given back then`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 20, per: .second)])
        let first = try fixture.reserve(Demand(inputTokens: 10))
        let second = try fixture.reserve(Demand(inputTokens: 10))
        first.settle(.failed, at: LimitFixture.at(0))
        let later = LimitFixture.at(0.5)
        #expect(fixture.passing(1, Demand(inputTokens: 20), at: later) == 1)
        second.settle(.failed, at: later)
        #expect(fixture.refusal(Demand(inputTokens: 1), at: later) != nil)
    }

    @Test func `what moved up in a queue that never was empty is not given back either`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 40, per: .second)])
        let permits = try [20, 10, 10].map { try fixture.reserve(Demand(inputTokens: $0)) }
        permits[0].settle(.failed, at: LimitFixture.at(0))
        let later = LimitFixture.at(0.25)
        #expect(fixture.passing(1, Demand(inputTokens: 30), at: later) == 1)
        permits[1].settle(.failed, at: later)
        #expect(fixture.refusal(Demand(inputTokens: 1), at: later) != nil)
        permits[2].settle(.failed, at: later)
        #expect(fixture.passing(20, Demand(inputTokens: 1), at: later) == 10)
    }

    @Test func `hundreds of failures in a muddle give back at most what they took, and most of it`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 1000, per: .hour)])
        var permits = try (0..<1000).map { _ in try fixture.reserve() }
        var random = SplitMix(state: 7)
        permits.shuffle(using: &random)
        for permit in permits[..<600] { permit.settle(.failed, at: LimitFixture.at(0.001)) }
        let passed = fixture.passing(1000, at: LimitFixture.at(0.001))
        #expect((300...600).contains(passed))
    }

    @Test func `tokens are settled on what was used`() throws {
        let fixture = LimitFixture(limits: Self.all, quotas: [QuotaRule(.tokens, 1000, per: .day)])
        try fixture.reserve(Self.demand).settle(.tokens(10, 20), at: LimitFixture.at(0))
        #expect(remaining(fixture) == [9, 970, 10, 1000, 970])
    }

    @Test func `an unknown use stays as it was estimated`() throws {
        let fixture = LimitFixture(limits: Self.all, quotas: [QuotaRule(.tokens, 1000, per: .day)])
        try fixture.reserve(Self.demand).settle(ActualUsage(isAnswered: true), at: LimitFixture.at(0))
        #expect(remaining(fixture) == [9, 900, 10, 1000, 900])
    }

    @Test(
        arguments: [
            (nil, 20, 100), (nil, 70, 120), (1, 70, 121), (30, 0, 80),
        ] as [(Int64?, Int64, Int64)]
    )
    func `of an answer that was cut at least the pieces count that came`(told: Int64?, pieces: Int64, due: Int64) throws
    {
        let fixture = LimitFixture(limits: Self.all)
        let permit = try fixture.reserve(Self.demand)
        let actual = ActualUsage(outputTokens: told, untoldPieces: pieces, isAnswered: true)
        #expect(permit.counted(actual) == (50, due - 50))
        permit.settle(actual, at: LimitFixture.at(0))
        #expect(remaining(fixture)[1] == 1000 - due)
    }

    @Test func `use beyond the estimate is owed until it has drained`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 60, per: .minute)])
        try fixture.reserve(Demand(inputTokens: 10)).settle(.tokens(100, 50), at: LimitFixture.at(0))
        #expect(remaining(fixture) == [0])
        let refusal = try #require(fixture.refusal(Demand(inputTokens: 10)))
        #expect(refusal.retryAfter == 100)
        #expect(fixture.refusal(at: LimitFixture.at(90)) != nil)
        #expect(fixture.refusal(at: LimitFixture.at(91)) == nil)
    }

    @Test func `an absurd use closes a limit for a day at most`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 60, per: .minute)])
        try fixture.reserve().settle(.tokens(.max, .max), at: LimitFixture.at(0))
        #expect(fixture.refusal(at: LimitFixture.at(86_400)) != nil)
        #expect(fixture.refusal(at: LimitFixture.at(86_402)) == nil)
    }

    @Test func `a permit is settled once`() throws {
        let fixture = LimitFixture(
            limits: Self.all,
            quotas: [QuotaRule(.cost, 1000, per: .day)],
            price: Price(perRequest: 7)
        )
        let permit = try fixture.reserve(Self.demand)
        #expect(permit.settle(.used(Self.demand), at: LimitFixture.at(0)) == 7)
        let settled = remaining(fixture)
        #expect(permit.settle(.failed, at: LimitFixture.at(0)) == 0)
        #expect(permit.settle(.tokens(500), at: LimitFixture.at(0)) == 0)
        #expect(remaining(fixture) == settled)
    }

    @Test func `a permit that is forgotten gives back what does not drain by itself`() throws {
        let fixture = LimitFixture(limits: Self.all, quotas: [QuotaRule(.requests, 10, per: .day)])
        do { _ = try fixture.reserve(Self.demand) }
        #expect(remaining(fixture) == [9, 900, 10, 900, 10])
    }

    @Test func `nothing is taken when the last of many rules refuses`() throws {
        let registry = UsageRegistry(wall: { LimitFixture.noon })
        let open = UsageRules(limits: Self.all, quotas: [QuotaRule(.requests, 100, per: .month)])
        let subjects: [UsageSubject] = [
            .tenant("demo"), LimitFixture.chat, .deployment(tenant: "demo", endpoint: "chat", deployment: "blue"),
        ]
        let closing = UsageSubject.caller(tenant: "demo", label: "demo#app")
        let scopes = UsageScopes(
            tenant: registry.scope(subjects[0], open),
            endpoint: registry.scope(subjects[1], open),
            deployment: registry.scope(subjects[2], open),
            caller: registry.scope(closing, UsageRules(limits: [LimitRule(.requests, 1, per: .hour)]))
        )
        let now = LimitFixture.at(0)
        let permit = try registry.reserve(scopes, Self.demand, address: nil, price: nil, at: now)
        let before = subjects.map { registry.status(of: $0, at: now) }
        for _ in 0..<20 {
            #expect(throws: Refusal.self) {
                try registry.reserve(scopes, Self.demand, address: nil, price: nil, at: now)
            }
        }
        #expect(subjects.map { registry.status(of: $0, at: now) } == before)
        #expect(registry.status(of: closing, at: now)[0].refused == 20)
        permit?.settle(.failed, at: now)
    }

    @Test func `whatever is asked, used and given back, no span of time has more than its share`() throws {
        var random = SplitMix(state: 42)
        for _ in 0..<10 { try playAndCheck(&random) }
    }

    /// Keeps a limit full for a while; then, of what was really used, no span may hold more than burst + pace x length.
    private func playAndCheck(_ random: inout SplitMix) throws {
        let fixture = LimitFixture(limits: [LimitRule(.tokens, 100, per: .second, burst: 50)])
        var running: [(permit: Permit, taken: Int64, at: Double)] = []
        var used: [(amount: Int64, at: Double)] = []
        var clock = 0.0
        for _ in 0..<300 {
            clock += Double(random.next() % 100) / 1000
            let now = LimitFixture.at(clock)
            for amount in [Int64(random.next() % 12) + 1, 3, 1] {
                guard let permit = try? fixture.reserve(Demand(inputTokens: amount), at: now) else { continue }
                running.append((permit, amount, clock))
            }
            while running.count > Int(random.next() % 24) {
                let ended = running.remove(at: Int(random.next() % UInt64(running.count)))
                let kept = random.next() % 2 == 0 ? 0 : Int64(random.next() % UInt64(ended.taken + 1))
                ended.permit.settle(kept == 0 ? .failed : .tokens(kept), at: now)
                used.append((kept, ended.at))
            }
        }
        used += running.map { ($0.taken, $0.at) }
        used.sort { $0.at < $1.at }
        for first in used.indices {
            var sum: Int64 = 0
            for use in used[first...] {
                sum += use.amount
                try #require(Double(sum) <= 50 + 100 * (use.at - used[first].at) + 0.01)
            }
        }
    }
}

/// A small generator, so that a failing play can be played again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
