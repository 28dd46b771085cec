import GatewayCore
import Testing

/// `demo/chat` with `blue` (version 1), `green` (version 2) and `red` (version 2), asked where requests go.
struct RoutingFixture {
    let snapshots = SnapshotBox(.empty)
    let receipts = ReceiptQueue()
    let admission: Admission
    private let registry = InstanceRegistry()
    private(set) var deployments: [Deployment] = []

    init(
        _ definition: RoutingDefinition = .none,
        weights: [Int] = [100, 0, 0],
        mirrors: [Int] = [0, 0, 0],
        fallback: [String] = []
    ) throws {
        admission = Admission(snapshots: snapshots, receipts: receipts)
        for (name, version) in [("blue", "1"), ("green", "2"), ("red", "2")] {
            let address = try InstanceAddress.parse("http://\(name).test:9000").get()
            deployments.append(
                Deployment(
                    name: name,
                    isNative: false,
                    instances: [registry.instance(at: address, isReady: true)],
                    timeout: .seconds(5),
                    version: version
                )
            )
        }
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: deployments,
            split: TrafficSplit(weights: weights),
            routing: RoutingRule(definition, endpoint: "demo/chat", deployments: deployments, weights: weights),
            mirror: MirrorRule(
                targets: zip(deployments, mirrors).filter { $0.1 > 0 }.map { MirrorTarget($0.0, percent: $0.1) }
            ),
            fallback: fallback.isEmpty
                ? nil : FallbackRule(chain: deployments.filter { fallback.contains($0.name) }, statuses: [503])
        )
        var keys: [KeyDigest: Caller] = [:]
        for number in 0..<Self.keys {
            keys[KeyDigest(of: "key-\(number)")] = Caller(tenant: "demo", label: "demo#\(number)", endpoints: nil)
        }
        snapshots.publish(
            Snapshot(domain: nil, tenants: [Tenant(name: "demo", endpoints: [chat])], keyring: Keyring(keys))
        )
    }

    static let keys = 1000

    /// The plan of a request of one of the keys.
    func plan(
        _ path: String = "/demo/chat/score",
        key: Int = 0,
        pinned: String? = nil,
        headers: [String: String] = [:]
    ) throws -> Plan {
        let head = request("POST", path, key: "key-\(key)", pinned: pinned)
        let decision = try admission.admit(head, header: { headers[$0] }, at: Moment(uptime: 0, wall: 0))
        guard case .plan(let plan) = decision else { throw Fixture.NoPlan() }
        return plan
    }

    /// Who answers.
    func target(
        _ path: String = "/demo/chat/score",
        key: Int = 0,
        pinned: String? = nil,
        headers: [String: String] = [:]
    ) throws -> String {
        try plan(path, key: key, pinned: pinned, headers: headers).deployment.name
    }

    func stop(_ name: String) {
        for deployment in deployments where deployment.name == name {
            for instance in deployment.instances { instance.markReady(false) }
        }
    }
}
