import GatewayCore
import NIOCore
import NIOHTTP1

@testable import GatewayProxy

/// Plans as admission makes them, for one deployment `blue` of `demo/chat`.
struct PlanFixture {
    static let key = "the key"

    var url = "http://up.test:9000"
    var upstreamModel: String?
    var headers: [UpstreamHeader] = []
    var path: PathRewrite?
    var removedHeaders: [String] = []
    var isNative = false
    var pool: WorkerPool?
    var registry = InstanceRegistry()

    func plan(_ target: String, body: String? = nil, method: HTTPMethod = .POST) throws -> Plan {
        let checked = try check(target, method: method)
        let current = CurrentRequest(
            checked: checked,
            isHTTP10: false,
            receipt: Receipt(requestID: "id", startedAt: 0),
            started: .now(),
            client: ClientFacts(address: "192.0.2.1")
        )
        return try plan(for: current, body: body)
    }

    func plan(for request: CurrentRequest, body: String?) throws -> Plan {
        let instance = registry.instance(at: try InstanceAddress.parse(url).get(), isReady: true)
        let blue = Deployment(
            name: "blue",
            isNative: isNative,
            instances: [instance],
            timeout: .seconds(5),
            upstreamModel: upstreamModel,
            headers: headers,
            path: path,
            removedHeaders: removedHeaders,
            queue: registry.queue(for: [instance]),
            pool: pool
        )
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: [blue],
            split: TrafficSplit(weights: [100])
        )
        let snapshot = Snapshot(
            domain: nil,
            tenants: [Tenant(name: "demo", endpoints: [chat])],
            keyring: Keyring([
                KeyDigest(of: Self.key): Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")
            ])
        )
        let admission = Admission(snapshots: SnapshotBox(snapshot), receipts: ReceiptQueue())
        let fields = body.map { BodyFields(of: Array($0.utf8).span, contentType: "application/json") }
        guard case .plan(let plan) = try admission.admit(request.head, fields: fields, at: request.moment) else {
            throw NoPlan()
        }
        return plan
    }

    func check(
        _ target: String,
        method: HTTPMethod = .POST,
        _ more: [(String, String)] = []
    ) throws -> CheckedRequest {
        let headers = HTTPHeaders([("host", "Gate.test:8443"), ("authorization", "Bearer \(Self.key)")] + more)
        return try RequestRules.check(
            HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers),
            over: .http1
        )
    }

    struct NoPlan: Error {}
}
