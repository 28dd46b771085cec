import GatewayCore
import Testing

@Suite struct PickAgainTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture([90, 10, 0]) }

    @Test func `first comes another instance of the same deployment`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score?x=y"))
        let again = try #require(fixture.admission.planAgain(plan, except: [plan.instance]))
        #expect(again.deployment === plan.deployment)
        #expect(again.instance !== plan.instance)
        #expect(again.path == plan.path)
        #expect(again.query == plan.query)
        #expect(again.caller === plan.caller)
    }

    @Test func `what was tried is not picked again, in whatever order`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        let blue = plan.deployment.instances
        #expect(fixture.admission.planAgain(plan, except: blue)?.deployment.name == "green")
        let all = try fixture.chat.deployments.flatMap(\.instances)
        #expect(fixture.admission.planAgain(plan, except: all.reversed()) == nil)
    }

    @Test func `then another deployment with weight`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        for instance in plan.deployment.instances where instance !== plan.instance { instance.markReady(false) }
        #expect(fixture.admission.planAgain(plan, except: [plan.instance])?.deployment.name == "green")
    }

    @Test func `one without weight is never asked`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        for deployment in try fixture.chat.deployments.prefix(2) {
            for instance in deployment.instances { instance.markReady(false) }
        }
        #expect(fixture.admission.planAgain(plan, except: [plan.instance]) == nil)
    }

    @Test func `a pinned request never leaves its deployment`() throws {
        let plan = try fixture.plan(request("POST", "/demo/chat/score", pinned: "green"))
        #expect(fixture.admission.planAgain(plan, except: [plan.instance])?.deployment.name == "green")
        for instance in plan.deployment.instances where instance !== plan.instance { instance.markReady(false) }
        #expect(fixture.admission.planAgain(plan, except: [plan.instance]) == nil)
    }

    @Test func `a single instance has no second`() throws {
        fixture.publishChat([try fixture.deployment("one", ["http://one:1"])], weights: [100])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        #expect(fixture.admission.planAgain(plan, except: [plan.instance]) == nil)
    }

    @Test func `where the other instance is full the request waits for it`() throws {
        let pair = try fixture.deployment("pair", ["http://pair:1", "http://pair:2"], limit: 1)
        fixture.publishChat([pair], weights: [100])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"))
        for instance in pair.instances where instance !== plan.instance { #expect(instance.load.enter(limit: 1)) }
        let now = Moment(uptime: 0, wall: 0)
        let again = fixture.admission.pickAgain(plan, of: request("POST", "/"), except: [plan.instance], at: now)
        guard case .queue(let waiting)? = again else { throw Fixture.NoPlan() }
        #expect(waiting.deployment === pair)
    }

    @Test(arguments: [true, false]) func `a moved plan has the other deployment's own path`(startsNative: Bool) throws {
        let upstream = Deployment(
            name: "upstream",
            isNative: false,
            instances: [fixture.registry.instance(at: try InstanceAddress.parse("http://up:1").get(), isReady: true)],
            timeout: .seconds(5),
            path: PathRewrite(stripPrefix: "/score", addPrefix: "/predict")
        )
        let native = try fixture.deployment("native", ["unix:/run/w.sock"], isNative: true)
        let order = startsNative ? [native, upstream] : [upstream, native]
        fixture.publishChat(order, weights: [50, 50])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: "{}")
        #expect(plan.deployment === order[0])
        let again = try #require(fixture.admission.planAgain(plan, except: [plan.instance]))
        #expect(again.deployment === order[1])
        #expect(plan.path == (startsNative ? "/score" : "/predict"))
        #expect(again.path == (startsNative ? "/predict" : "/score"))
        #expect(plan.usage == (startsNative ? .openAI : nil))
        #expect(again.usage == (startsNative ? nil : .openAI))
        #expect(again.isScoring)
    }
}
