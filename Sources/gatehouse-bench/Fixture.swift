import GatewayCore

/// A snapshot of 100 endpoints with two deployments each, and requests to the last of them.
struct Fixture {
    private static let key = KeySecret.generate()

    private let admission: Admission
    private let receipts = ReceiptQueue()
    private let body: [UInt8]

    init() throws {
        let registry = InstanceRegistry()
        var endpoints: [Endpoint] = []
        var callers: [KeyDigest: Caller] = [:]
        for number in 0..<100 {
            let name = "endpoint-\(number)"
            let deployments = try ["blue", "green"].map { deployment in
                Deployment(
                    name: deployment,
                    isNative: false,
                    instances: try (0..<2).map {
                        let url = "http://127.0.0.1:\(10_000 + number * 2 + $0)"
                        return registry.instance(at: try InstanceAddress.parse(url).get(), isReady: true)
                    },
                    timeout: .seconds(5),
                    upstreamModel: "Qwen/Qwen2.5-7B-Instruct"
                )
            }
            let split = TrafficSplit(weights: [90, 10])
            endpoints.append(
                Endpoint(tenant: "demo", name: name, modelNames: [], hosts: [], deployments: deployments, split: split)
            )
            let secret = number == 99 ? Self.key : KeySecret.generate()
            callers[secret.digest] = Caller(tenant: "demo", endpoint: name, label: "demo/\(name)#primary")
        }
        let snapshot = Snapshot(
            domain: nil,
            tenants: [Tenant(name: "demo", endpoints: endpoints)],
            keyring: Keyring(callers)
        )
        admission = Admission(snapshots: SnapshotBox(snapshot), receipts: receipts)
        let content = String(repeating: "What the user wrote, and more of it. ", count: 50)
        body = Array(
            #"{"model":"endpoint-99","messages":[{"role":"user","content":"\#(content)"}],"stream":true}"#.utf8
        )
    }

    func admitByPath() throws -> () -> Void {
        try plan(head("/demo/endpoint-99/score"), fields: nil)
    }

    func admitByModel() throws -> () -> Void {
        try plan(head("/v1/chat/completions"), fields: BodyFields(of: body.span, contentType: "application/json"))
    }

    func editBody() -> () -> Void {
        { [body] in
            let fields = BodyFields(of: body.span, contentType: "application/json")
            let edits = fields.edits(model: "Qwen/Qwen2.5-7B-Instruct", askForUsage: true)
            precondition(edits.count == 2, "the name and the wish for usage")
        }
    }

    func readEvent() -> () -> Void {
        let event = Array(
            (#"data: {"id":"x","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}"# + "\n\n")
                .utf8
        )
        return {
            let end = EventScan.endOfEvent(event.span, from: 0)
            precondition(end == event.count, "the event is whole")
            precondition(EventScan.inspect(event.span, 0..<event.count).usage == nil, "a word tells no usage")
        }
    }

    func readAnswer() -> () -> Void {
        let content = String(repeating: "word ", count: 200)
        let usage = #""usage":{"prompt_tokens":12,"completion_tokens":200}"#
        let answer = Array((#"{"id":"x","choices":[{"message":{"content":"\#(content)"}}],"# + usage + "}").utf8)
        return {
            var reader = UsageReader()
            reader.read(answer.span)
            precondition(reader.usage?.completion == 200, "the usage is found")
        }
    }

    private func head(_ path: String) -> RequestHead {
        RequestHead(method: "POST", path: path, host: "localhost", credential: .key(Self.key.text))
    }

    /// Admission of one request; it must bring a plan.
    private func plan(_ head: RequestHead, fields: BodyFields?) throws -> () -> Void {
        let now = Moment(uptime: 0, wall: 0)
        guard case .plan = try admission.admit(head, fields: fields, at: now) else { throw NoPlan() }
        return { [admission] in
            let decision = try? admission.admit(head, fields: fields, at: now)
            precondition(decision != nil, "what was admitted once is admitted again")
        }
    }

    private struct NoPlan: Error {}
}
