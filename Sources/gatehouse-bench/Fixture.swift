import GatewayCore

/// A snapshot of 100 endpoints with two deployments each, and requests to the last of them.
struct Fixture {
    private static let key = KeySecret.generate()
    private static let limitedKey = KeySecret.generate()
    /// One limit of each kind and a quota; none is ever reached.
    private static let rules = UsageRules(
        limits: [
            LimitRule(.requests, 900_000_000, per: .minute), LimitRule(.tokens, 900_000_000_000, per: .minute),
            LimitRule(.concurrent, 1_000_000), LimitRule(.bodyBytes, 900_000_000_000, per: .hour),
        ],
        quotas: [QuotaRule(.requests, 900_000_000_000, per: .month)]
    )

    private let admission: Admission
    private let receipts = ReceiptQueue()
    private let body: [UInt8]

    init() throws {
        let registry = InstanceRegistry()
        let usage = UsageRegistry()
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
                Endpoint(
                    tenant: "demo",
                    name: name,
                    modelNames: [],
                    hosts: [],
                    deployments: deployments,
                    split: split,
                    usage: number == 98 ? usage.scope(.endpoint(tenant: "demo", endpoint: name), Self.rules) : nil
                )
            )
            let secret = number == 99 ? Self.key : number == 98 ? Self.limitedKey : KeySecret.generate()
            callers[secret.digest] = Caller(tenant: "demo", endpoint: name, label: "demo/\(name)#primary")
        }
        let snapshot = Snapshot(
            domain: nil,
            tenants: [Tenant(name: "demo", endpoints: endpoints)],
            keyring: Keyring(callers)
        )
        admission = Admission(snapshots: SnapshotBox(snapshot), receipts: receipts, usage: usage)
        let content = String(repeating: "What the user wrote, and more of it. ", count: 50)
        body = Array(
            #"{"model":"endpoint-99","messages":[{"role":"user","content":"\#(content)"}],"stream":true}"#.utf8
        )
    }

    func admitByPath() throws -> () -> Decision? {
        try plan(head("/demo/endpoint-99/score"), fields: nil)
    }

    func admitByModel() throws -> () -> Decision? {
        try plan(head("/v1/chat/completions"), fields: BodyFields(of: body.span, contentType: "application/json"))
    }

    /// Reserved, and settled when the plan is thrown away.
    func admitWithinLimits() throws -> () -> Decision? {
        try plan(head("/demo/endpoint-98/score", key: Self.limitedKey), fields: nil)
    }

    /// Looks up one key among many.
    func findKey(among count: Int) -> () -> Void {
        var callers: [KeyDigest: Caller] = [:]
        let holder = Caller(tenant: "demo", endpoint: "endpoint-99", label: "demo/endpoint-99#primary")
        for number in 1..<count { callers[KeyDigest(of: "key \(number)")] = holder }
        callers[Self.key.digest] = holder
        let keyring = Keyring(callers)
        let text = Self.key.text
        return { precondition(keyring.identify(text) != nil, "the key is there") }
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

    /// Counts a batch of receipts, as their writer does, of a deployment that has a series.
    func countReceipts(_ count: Int) -> () -> Void {
        let metrics = ReceiptMetrics()
        var receipt = Receipt(requestID: "0193a1b2-0000-4000-8000-0123456789ab", startedAt: 0)
        receipt.tenant = "demo"
        receipt.endpoint = "endpoint-99"
        receipt.deployment = "blue"
        receipt.path = "/v1/chat/completions"
        receipt.status = 200
        receipt.upstreamStatus = 200
        receipt.isSent = true
        receipt.countedInputTokens = 12
        receipt.countedOutputTokens = 200
        receipt.durationMicroseconds = 30_000
        let batch = Array(repeating: receipt, count: count)
        metrics.observe(batch)
        return { metrics.observe(batch) }
    }

    private func head(_ path: String, key: KeySecret = Self.key) -> RequestHead {
        RequestHead(
            method: "POST",
            path: path,
            host: "localhost",
            credential: .key(key.text),
            contentLength: body.count
        )
    }

    /// Admission of one request; it must bring a plan.
    private func plan(_ head: RequestHead, fields: BodyFields?) throws -> () -> Decision? {
        let now = Moment(uptime: 0, wall: 0)
        guard case .plan = try admission.admit(head, fields: fields, at: now) else { throw NoPlan() }
        return { [admission] in
            let decision = try? admission.admit(head, fields: fields, at: now)
            precondition(decision != nil, "what was admitted once is admitted again")
            return decision
        }
    }

    private struct NoPlan: Error {}
}
