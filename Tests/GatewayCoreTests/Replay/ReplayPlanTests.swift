import GatewayCore
import Testing

/// Captured requests on their way to a deployment once more.
@Suite struct ReplayPlanTests {
    private static let body = #"{"model":"chat","messages":[]}"#

    private static func request(
        _ path: String,
        to deployment: String = "green",
        _ change: (inout Receipt) -> Void = { _ in }
    ) -> ReplayedRequest {
        var receipt = Receipt(requestID: "r-1", startedAt: 0)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = "blue"
        receipt.method = "POST"
        receipt.path = path
        change(&receipt)
        let headers = [CapturedMessage.Header(name: "content-type", value: "application/json")]
        let message = CapturedMessage(headers: headers, body: Array(body.utf8))
        return ReplayedRequest(receipt: receipt, query: "a=b", message: message, deployment: deployment)
    }

    private static func plan(_ outcome: ReplayPlan) throws -> Plan {
        guard case .plan(let plan, _) = outcome else { throw Fixture.NoPlan() }
        return plan
    }

    @Test(arguments: [
        ("/demo/chat/score", "/score"), ("/v1/chat/completions", "/v1/chat/completions"),
        ("/openai/deployments/chat/chat/completions", "/v1/chat/completions"),
        // By a host of the endpoint's own, which a capture does not name.
        ("/caption/now", "/caption/now"), ("/other/chat/score", "/other/chat/score"), ("/", "/"),
    ])
    func `one goes where it would have gone, on the deployment that was asked for`(path: String, sent: String) throws {
        let fixture = try Fixture()
        let plan = try Self.plan(fixture.snapshots.current.replay(Self.request(path)))
        #expect(plan.path == sent && plan.query == "a=b")
        #expect(plan.deployment.name == "green" && plan.endpoint.name == "chat")
        #expect(plan.permit == nil && plan.mirrors.isEmpty && !plan.canFallBack)
    }

    @Test func `it takes a place, gives it back, and overtakes nobody`() throws {
        let fixture = try Fixture()
        let narrow = try fixture.deployment("narrow", ["http://narrow.test:9000"], limit: 1)
        fixture.publishChat([narrow], weights: [100])
        let snapshot = fixture.snapshots.current
        let request = Self.request("/demo/chat/score", to: "narrow")
        let plan = try Self.plan(snapshot.replay(request))
        #expect(narrow.instances[0].load.inFlight == 1)
        guard case .full = snapshot.replay(request) else { throw Fixture.NoPlan() }
        plan.leave(at: 0)
        #expect(narrow.instances[0].load.inFlight == 0)
    }

    @Test func `what is no more, or not there, is told apart from what is full`() throws {
        let fixture = try Fixture()
        for request in [
            Self.request("/demo/chat/score", to: "red"), Self.request("/demo/chat/score") { $0.endpoint = "gone" },
            Self.request("/demo/chat/score") { $0.tenant = "gone" },
        ] {
            guard case .gone = fixture.snapshots.current.replay(request) else { throw Fixture.NoPlan() }
        }
        fixture.publishChat([try fixture.deployment("green", [])], weights: [100])
        guard case .out = fixture.snapshots.current.replay(Self.request("/demo/chat/score")) else {
            throw Fixture.NoPlan()
        }
    }

    @Test func `a tenant that is suspended replays nothing`() throws {
        let fixture = try Fixture()
        let endpoints = try #require(fixture.snapshots.current.tenants["demo"]?.endpoints.values)
        let tenant = Tenant(name: "demo", endpoints: Array(endpoints), isSuspended: true)
        fixture.snapshots.publish(Snapshot(domain: nil, tenants: [tenant], keyring: Keyring([:])))
        guard case .gone = fixture.snapshots.current.replay(Self.request("/demo/chat/score")) else {
            throw Fixture.NoPlan()
        }
    }

    @Test func `its answer is redacted by the rule of the deployment that answered first`() throws {
        let fixture = try Fixture()
        let rule = CaptureRule(redaction: RedactionRule(paths: ["a"]))
        let blue = Deployment(name: "blue", isNative: false, instances: [], timeout: .seconds(1), capture: rule)
        fixture.publishChat([blue, try fixture.deployment("green", ["http://green.test:9000"])], weights: [100, 0])
        guard case .plan(_, let found) = fixture.snapshots.current.replay(Self.request("/demo/chat/score")) else {
            throw Fixture.NoPlan()
        }
        #expect(found == rule)
    }

    @Test func `where no rule says how its answer is redacted it is not sent`() throws {
        let fixture = try Fixture()
        let deployments = try ["blue", "green"].map {
            try fixture.deployment($0, ["http://\($0).test:9000"], capture: nil)
        }
        fixture.publishChat(deployments, weights: [100, 0])
        guard case .unruled = fixture.snapshots.current.replay(Self.request("/demo/chat/score")) else {
            throw Fixture.NoPlan()
        }
        #expect(deployments[1].instances[0].load.inFlight == 0)
    }

    @Test func `a receipt of one says so, and never counts`() {
        var receipt = Receipt(requestID: "id", startedAt: 0)
        receipt.deployment = "green"
        receipt.mirrorOf = "blue"
        receipt.upstreamStatus = 200
        receipt.outcome = .completed
        #expect(!receipt.isReplay)
        receipt.caller = "replay"
        #expect(receipt.isReplay && !receipt.countsAsUsage)
    }
}
