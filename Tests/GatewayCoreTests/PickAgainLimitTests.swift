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
            if let moved = admission.pickAgain(plan, of: head, except: [plan.instance]) {
                plans.append(moved)
            } else {
                refused += 1
            }
        }
        #expect(plans.count == 2 && refused == 6)
        #expect(plans.allSatisfy { $0.deployment === live })
        #expect(plans.first?.permit?.settle(ActualUsage(isAnswered: true), at: Moment(uptime: 0, wall: 0)) == 7)
    }
}
