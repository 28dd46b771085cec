import GatewayCore
import Testing

/// A snapshot made of few words: tenant `demo` with `chat` (blue 90, green 10) and `search`, tenant `other` with `chat`.
struct Fixture {
    static let chatKey = "key of demo/chat"
    static let searchKey = "key of demo/search"
    static let otherKey = "key of other/chat"

    let registry = InstanceRegistry()
    let snapshots = SnapshotBox(.empty)
    let receipts: ReceiptQueue
    let admission: Admission

    init(_ weights: [Int] = [90, 10], domain: String? = nil, receiptBound: Int = 10) throws {
        receipts = ReceiptQueue(bound: receiptBound)
        admission = Admission(snapshots: snapshots, receipts: receipts)
        let names = ["blue", "green", "canary"].prefix(weights.count)
        let deployments = try names.map { try deployment($0, ["http://\($0).test:9000", "http://\($0).test:9001"]) }
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: ["gpt-4.1-mini", "meta/Llama"],
            hosts: ["chat.example.org"],
            deployments: Array(deployments),
            split: TrafficSplit(weights: weights)
        )
        let search = try endpoint("demo", "search")
        let other = try endpoint("other", "chat")
        snapshots.publish(
            Snapshot(
                domain: domain,
                tenants: [Tenant(name: "demo", endpoints: [chat, search]), Tenant(name: "other", endpoints: [other])],
                keyring: Keyring([
                    KeyDigest(of: Self.chatKey): Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary"),
                    KeyDigest(of: Self.searchKey): Caller(
                        tenant: "demo",
                        endpoint: "search",
                        label: "demo/search#primary"
                    ),
                    KeyDigest(of: Self.otherKey): Caller(
                        tenant: "other",
                        endpoint: "chat",
                        label: "other/chat#primary"
                    ),
                ])
            )
        )
    }

    func deployment(
        _ name: String,
        _ urls: [String],
        isNative: Bool = false,
        limit: Int? = nil,
        capture: CaptureRule? = CaptureRule()
    ) throws -> Deployment {
        let instances = try urls.map { registry.instance(at: try InstanceAddress.parse($0).get(), isReady: true) }
        return Deployment(
            name: name,
            isNative: isNative,
            instances: instances,
            timeout: .seconds(5),
            capacity: Deployment.Capacity(limit: limit),
            capture: capture,
            queue: registry.queue(for: instances)
        )
    }

    /// Puts an endpoint with these deployments in the place of the tenant `demo`.
    func publishChat(
        _ deployments: [Deployment],
        weights: [Int],
        fallback: [Deployment] = [],
        usage: UsageScope? = nil
    ) {
        let chat = Endpoint(
            tenant: "demo",
            name: "chat",
            modelNames: [],
            hosts: [],
            deployments: deployments,
            split: TrafficSplit(weights: weights),
            usage: usage,
            fallback: fallback.isEmpty ? nil : FallbackRule(chain: fallback, statuses: [503])
        )
        snapshots.publish(
            Snapshot(
                domain: nil,
                tenants: [Tenant(name: "demo", endpoints: [chat])],
                keyring: Keyring([
                    KeyDigest(of: Self.chatKey): Caller(tenant: "demo", endpoint: "chat", label: "demo/chat#primary")
                ])
            )
        )
    }

    var chat: Endpoint {
        get throws {
            try #require(snapshots.current.tenants["demo"]?.endpoints["chat"])
        }
    }

    private func endpoint(_ tenant: String, _ name: String) throws -> Endpoint {
        Endpoint(
            tenant: tenant,
            name: name,
            modelNames: [],
            hosts: [],
            deployments: [try deployment("only", ["http://\(tenant)-\(name).test:9000"])],
            split: TrafficSplit(weights: [100])
        )
    }

    /// The plan for a request, or a failed test.
    func plan(_ head: RequestHead, body: String? = nil) throws -> Plan {
        guard case .plan(let plan) = try admission.admit(head, fields: body.map { fields(of: $0) }) else {
            throw NoPlan()
        }
        return plan
    }

    struct NoPlan: Error {}
}

extension Admission {
    /// At the beginning of time.
    func admit(
        _ head: RequestHead,
        fields: BodyFields? = nil,
        token: VerifiedToken? = nil
    ) throws(Refusal) -> Decision {
        try admit(head, fields: fields, token: token, at: Moment(uptime: 0, wall: 0))
    }

    /// The plan of another attempt, if one is made at once.
    func planAgain(
        _ plan: Plan,
        of head: RequestHead = request("POST", "/"),
        except tried: [Instance],
        at now: Moment = Moment(uptime: 0, wall: 0)
    ) -> Plan? {
        guard case .plan(let plan) = pickAgain(plan, of: head, except: tried, at: now) else { return nil }
        return plan
    }
}

/// A request with the key of `demo/chat` unless told otherwise.
func request(
    _ method: String,
    _ path: String,
    host: String = "",
    key: String? = Fixture.chatKey,
    pinned: String? = nil,
    contentType: String? = nil
) -> RequestHead {
    let parts = path.split(separator: "?", maxSplits: 1)
    return RequestHead(
        method: method,
        path: String(parts[0]),
        query: parts.count > 1 ? String(parts[1]) : nil,
        host: host,
        credential: key.map { .key($0) } ?? .none,
        pinnedDeployment: pinned,
        contentType: contentType
    )
}

func fields(of body: String, contentType: String? = "application/json") -> BodyFields {
    BodyFields(of: Array(body.utf8).span, contentType: contentType)
}

/// The body as the upstream would get it.
func edited(_ body: String, contentType: String? = "application/json", model: String?, askForUsage: Bool) -> String {
    var bytes = Array(body.utf8)
    let edits = fields(of: body, contentType: contentType).edits(model: model, askForUsage: askForUsage)
    for edit in edits.reversed() { bytes.replaceSubrange(edit.range, with: edit.text.utf8) }
    return String(decoding: bytes, as: UTF8.self)
}
