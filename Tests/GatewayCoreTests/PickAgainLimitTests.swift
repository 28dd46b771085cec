import Testing

@testable import GatewayCore

/// A request that moves to another deployment keeps that one's limits.
@Suite struct PickAgainLimitTests {
    @Test func `a deployment's limit holds for requests that come from another one`() throws {
        let fixture = try Fixture()
        let registry = UsageRegistry()
        let live = Deployment(
            name: "live",
            isNative: false,
            instances: [
                fixture.registry.instance(at: try InstanceAddress.parse("http://live.test:1").get(), isReady: true)
            ],
            timeout: .seconds(5),
            usage: registry.scope(
                .deployment(tenant: "demo", endpoint: "chat", deployment: "live"),
                UsageRules(limits: [LimitRule(.requests, 2, per: .hour)])
            ),
            price: Price(perRequest: 7)
        )
        let dead = try fixture.deployment("dead", ["http://dead.test:1"])
        fixture.publishChat([dead, live], weights: [50, 50])
        let admission = Admission(snapshots: fixture.snapshots, receipts: fixture.receipts, usage: registry)
        let head = request("POST", "/demo/chat/score")
        var plans: [Plan] = []
        var refused = 0
        for _ in 0..<8 {
            guard case .plan(let plan)? = try? admission.admit(head) else {
                refused += 1
                continue
            }
            guard plan.deployment === dead else {
                plans.append(plan)
                continue
            }
            if let moved = admission.planAgain(plan, of: head, except: [plan.instance]) {
                plans.append(moved)
            } else {
                refused += 1
            }
        }
        #expect(plans.count == 2 && refused == 6)
        #expect(plans.allSatisfy { $0.deployment === live })
        #expect(plans.first?.permit?.settle(ActualUsage(isAnswered: true), at: Moment(uptime: 0, wall: 0)) == 7)
    }

    @Test func `one that moves to where it uses tokens takes them anew`() throws {
        let fixture = try Fixture()
        let registry = UsageRegistry()
        let subject = UsageSubject.endpoint(tenant: "demo", endpoint: "chat")
        let dead = try fixture.deployment("dead", ["http://dead.test:1"])
        let native = try fixture.deployment("native", ["unix:/run/w.sock"], isNative: true)
        fixture.publishChat(
            [dead, native],
            weights: [50, 50],
            usage: registry.scope(subject, UsageRules(limits: [LimitRule(.tokens, 1000, per: .hour)]))
        )
        let admission = Admission(snapshots: fixture.snapshots, receipts: fixture.receipts, usage: registry)
        let head = request("POST", "/demo/chat/score")
        let now = Moment(uptime: 0, wall: 0)
        let body = fields(of: #"{"max_tokens":700}"#)
        guard case .plan(let plan) = try admission.admit(head, fields: body, at: now) else { throw Fixture.NoPlan() }
        #expect(plan.deployment === dead)
        #expect(registry.status(of: subject, at: now).map(\.used) == [0])
        let moved = try #require(admission.planAgain(plan, of: head, except: [plan.instance], at: now))
        #expect(moved.deployment === native)
        #expect(registry.status(of: subject, at: now).map(\.used) == [700 + Int64(body.length) / 4])
        #expect(admission.planAgain(plan, of: head, except: [plan.instance], at: now) == nil)
    }
}
