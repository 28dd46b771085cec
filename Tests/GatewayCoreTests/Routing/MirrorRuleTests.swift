import GatewayCore
import Testing

@Suite struct MirrorRuleTests {
    @Test(arguments: [0, 1, 10, 50, 100])
    func `of every 100 requests a mirror gets its per cent`(percent: Int) throws {
        let fixture = try RoutingFixture(mirrors: [0, percent, 0])
        let plans = try (0..<200).map { _ in try fixture.plan() }
        #expect(plans.count { !$0.mirrors.isEmpty } == 2 * percent)
        #expect(plans.allSatisfy { $0.deployment.name == "blue" })
    }

    @Test func `several mirrors take their turns apart`() throws {
        let fixture = try RoutingFixture(mirrors: [0, 50, 20])
        let names = try (0..<100).flatMap { _ in try fixture.plan().mirrors.map(\.deployment.name) }
        #expect(names.count { $0 == "green" } == 50 && names.count { $0 == "red" } == 20)
    }

    @Test func `a request that pins a deployment is not mirrored, and takes no turn`() throws {
        let fixture = try RoutingFixture(mirrors: [0, 50, 0])
        let plans = try (0..<100).map { try fixture.plan(pinned: $0 % 2 == 0 ? "blue" : nil) }
        #expect(plans.count { !$0.mirrors.isEmpty } == 25)
        #expect(plans.count { $0.isPinned && !$0.mirrors.isEmpty } == 0)
    }

    @Test func `a copy has the mirror's instance and no permit; one without a ready instance is none`() throws {
        let fixture = try RoutingFixture(mirrors: [0, 100, 0])
        let plan = try fixture.plan()
        let target = try #require(plan.mirrors.first)
        let copy = try #require(plan.mirrored(to: target))
        #expect(copy.deployment.name == "green" && copy.instance.url == "http://green.test:9000")
        #expect(copy.permit == nil && copy.path == plan.path)
        fixture.stop("green")
        #expect(plan.mirrored(to: target) == nil)
    }

    @Test func `a meter counts what was sent, failed and dropped, and keeps to its bound`() {
        let meter = MirrorMeter()
        #expect(meter.begin(atMost: 2) && meter.begin(atMost: 2) && !meter.begin(atMost: 2))
        meter.end(isWhole: true)
        meter.end(isWhole: false)
        #expect(meter.begin(atMost: 1))
        #expect(meter.counts == MirrorMeter.Counts(sent: 3, failed: 1, dropped: 1))
    }

    @Test func `the receipt of a copy never counts as usage`() {
        var receipt = Receipt(requestID: "a", startedAt: 0)
        receipt.deployment = "green"
        receipt.upstreamStatus = 200
        receipt.outcome = .completed
        #expect(receipt.countsAsUsage)
        receipt.mirrorOf = "blue"
        #expect(!receipt.countsAsUsage)
    }
}
