import Testing

@testable import GatewayCore

@Suite struct UsageRegistryTests {
    private let registry = UsageRegistry(wall: { LimitFixture.noon })

    @Test func `no rules make no scope and no permit`() throws {
        #expect(registry.scope(LimitFixture.chat, .none) == nil)
        let permit = try registry.reserve(UsageScopes(), Demand(), address: nil, price: nil, at: LimitFixture.at(0))
        #expect(permit == nil)
    }

    @Test func `the same rules are the same scope`() {
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        let scope = registry.scope(LimitFixture.chat, rules)
        #expect(scope === registry.scope(LimitFixture.chat, rules))
        #expect(scope !== registry.scope(.tenant("demo"), rules))
        #expect(scope !== registry.scope(LimitFixture.chat, UsageRules(limits: [LimitRule(.concurrent, 2)])))
    }

    @Test func `counters of rules that stay go on, changed rates begin afresh`() throws {
        let before = LimitFixture(
            limits: [
                LimitRule(.requests, 5, per: .hour), LimitRule(.tokens, 5, per: .hour), LimitRule(.concurrent, 3),
            ],
            registry: registry
        )
        let permits = try (0..<3).map { _ in try before.reserve(Demand(inputTokens: 1)) }
        let after = LimitFixture(
            limits: [
                LimitRule(.concurrent, 4), LimitRule(.tokens, 6, per: .hour),
                LimitRule(.requests, 5, per: .hour, isWarnOnly: true),
            ],
            registry: registry
        )
        let status = registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))
        #expect(status.map(\.remaining) == [1, 6, 2])
        for permit in permits { permit.settle(.failed, at: LimitFixture.at(0)) }
        #expect(registry.status(of: LimitFixture.chat, at: LimitFixture.at(0)).map(\.remaining) == [4, 6, 5])
        #expect(after.refusal() == nil)
    }

    @Test func `rules that stand twice are counted each by itself`() {
        let fixture = LimitFixture(
            limits: [LimitRule(.concurrent, 4), LimitRule(.concurrent, 6)],
            quotas: [QuotaRule(.requests, 3, per: .day, isWarnOnly: true), QuotaRule(.requests, 9, per: .day)],
            registry: registry
        )
        #expect(fixture.passing(10) == 4)
        let status = registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))
        #expect(status.map(\.used) == [0, 0, 4, 4])
    }

    @Test func `tenants share nothing`() {
        let rules = UsageRules(limits: [LimitRule(.requests, 1, per: .hour)])
        for tenant in ["first", "second"] {
            let scopes = UsageScopes(tenant: registry.scope(.tenant(tenant), rules))
            #expect(throws: Never.self) {
                try registry.reserve(scopes, Demand(), address: nil, price: nil, at: LimitFixture.at(0))
            }
        }
    }

    @Test func `what no snapshot holds any more is forgotten`() {
        for number in 0..<10_000 {
            let rules = UsageRules(
                limits: [LimitRule(.requests, 1, per: .hour)],
                quotas: [QuotaRule(.tokens, 1, per: .day)]
            )
            #expect(registry.scope(.tenant("tenant\(number)"), rules) != nil)
            #expect(registry.scope(.caller(tenant: "demo", label: "key\(number)"), rules) != nil)
        }
        #expect(registry.held <= 200)
        #expect(registry.status(of: .tenant("tenant9999"), at: LimitFixture.at(0)).isEmpty)
    }

    @Test func `what a permit holds outlives the snapshots`() throws {
        let subject = UsageSubject.caller(tenant: "demo", label: "demo#app")
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)])
        let now = LimitFixture.at(0)
        let permit = try registry.reserve(
            UsageScopes(caller: registry.scope(subject, rules)),
            Demand(),
            address: nil,
            price: nil,
            at: now
        )
        for number in 0..<1000 { _ = registry.scope(.caller(tenant: "demo", label: "key\(number)"), rules) }
        let scopes = UsageScopes(caller: registry.scope(subject, rules))
        #expect(throws: Refusal.self) { try registry.reserve(scopes, Demand(), address: nil, price: nil, at: now) }
        permit?.settle(.tokens(0), at: now)
        #expect(throws: Never.self) { try registry.reserve(scopes, Demand(), address: nil, price: nil, at: now) }
    }

    @Test func `a quota that comes back counts what was used meanwhile`() {
        let counted = Gathered<UsageRow>()
        let registry = UsageRegistry(wall: { LimitFixture.noon }, history: { _, _ in counted.all })
        let rules = UsageRules(quotas: [QuotaRule(.requests, 10, per: .day)])
        #expect(registry.scope(LimitFixture.chat, rules) != nil)
        counted.add(
            UsageRow(
                bucketStart: LimitFixture.noon,
                tenant: "demo",
                endpoint: "chat",
                deployment: "blue",
                caller: "",
                requests: 7,
                inputTokens: 0,
                outputTokens: 0,
                cost: 0
            )
        )
        let scope = registry.scope(LimitFixture.chat, rules)
        #expect(registry.status(of: LimitFixture.chat, at: LimitFixture.at(0)).map(\.used) == [7])
        #expect(scope != nil)
    }

    @Test func `whoever gets a forgotten name begins at zero, and what ran under it counts elsewhere`() throws {
        let told = Gathered<[UsageSubject]>()
        let registry = UsageRegistry(wall: { LimitFixture.noon }, onForget: { told.add($0) })
        let rules = UsageRules(limits: [LimitRule(.concurrent, 1)], quotas: [QuotaRule(.requests, 2, per: .month)])
        let key = UsageSubject.caller(tenant: "demo", label: "demo#app")
        func scopes() -> UsageScopes {
            UsageScopes(endpoint: registry.scope(LimitFixture.chat, rules), caller: registry.scope(key, rules))
        }
        func take() throws(Refusal) -> Permit? {
            try registry.reserve(scopes(), Demand(), address: nil, price: nil, at: LimitFixture.at(0))
        }
        func used(_ subject: UsageSubject) -> [Int64] {
            registry.status(of: subject, at: LimitFixture.at(0)).map(\.used)
        }
        for gone in [[LimitFixture.chat, key], [.tenant("demo")]] {
            let held = scopes()
            let running = try take()
            registry.forget(gone)
            let new = scopes()
            #expect(used(LimitFixture.chat) == [0, 0] && used(key) == [0, 0])
            running?.settle(.tokens(1), at: LimitFixture.at(0))
            #expect(used(LimitFixture.chat) == [0, 0] && used(key) == [0, 0])
            #expect(held.endpoint !== new.endpoint && held.caller !== new.caller)
        }
        registry.forget([])
        #expect(told.all == [[LimitFixture.chat, key], [.tenant("demo")]])
    }
}
