import GatewayCore
import Testing

@Suite struct SnapshotTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func `ready instances take turns`() throws {
        let deployment = try fixture.deployment("d", ["http://a:1", "http://b:1", "http://c:1"])
        let picked = (0..<6).map { _ in deployment.pickInstance()?.address.authority }
        #expect(picked == ["a:1", "b:1", "c:1", "a:1", "b:1", "c:1"])
    }

    @Test func `instances that are not ready are passed over`() throws {
        let deployment = try fixture.deployment("d", ["http://a:1", "http://b:1", "http://c:1"])
        deployment.instances[1].markReady(false)
        let picked = Set((0..<9).map { _ in deployment.pickInstance()?.address.authority })
        #expect(picked == ["a:1", "c:1"])
    }

    @Test func `an excluded instance is never picked`() throws {
        let deployment = try fixture.deployment("d", ["http://a:1", "http://b:1"])
        for _ in 0..<5 {
            #expect(deployment.pickInstance(except: [deployment.instances[0]]) === deployment.instances[1])
        }
    }

    @Test func `without a ready instance nothing is picked`() throws {
        let deployment = try fixture.deployment("d", ["http://a:1"])
        #expect(deployment.pickInstance(except: [deployment.instances[0]]) == nil)
        deployment.instances[0].markReady(false)
        #expect(deployment.pickInstance() == nil)
        #expect(try fixture.deployment("none", []).pickInstance() == nil)
    }

    @Test func `an endpoint's name wins over another's alias`() throws {
        let first = Endpoint(
            tenant: "demo",
            name: "one",
            modelNames: ["two"],
            hosts: [],
            deployments: [],
            split: TrafficSplit(weights: [])
        )
        let second = Endpoint(
            tenant: "demo",
            name: "two",
            modelNames: [],
            hosts: [],
            deployments: [],
            split: TrafficSplit(weights: [])
        )
        let tenant = Tenant(name: "demo", endpoints: [first, second])
        #expect(tenant.endpointsByModel["two"] === second)
    }

    @Test func `a box gives what was published last`() {
        let box = SnapshotBox(.empty)
        let snapshot = Snapshot(domain: "example.com", tenants: [], keyring: Keyring([:]))
        box.publish(snapshot)
        #expect(box.current === snapshot)
    }
}
