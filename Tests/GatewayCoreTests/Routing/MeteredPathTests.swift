import Testing

@testable import GatewayCore

/// What uses tokens is told by the path that an upstream is asked, not by the one that a caller chose.
@Suite struct MeteredPathTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func deployment(
        _ name: String = "blue",
        urls: [String] = ["http://blue.test"],
        path: PathRewrite? = nil,
        isNative: Bool = false,
        model: String? = nil
    ) throws -> Deployment {
        let instances = try urls.map {
            fixture.registry.instance(at: try InstanceAddress.parse($0).get(), isReady: true)
        }
        return Deployment(
            name: name,
            isNative: isNative,
            instances: instances,
            timeout: .seconds(5),
            upstreamModel: model,
            path: path
        )
    }

    /// How the usage of a call to `demo/chat` is read that its only deployment answers.
    private func usage(_ path: String, on deployment: Deployment, method: String = "POST") throws -> UsageFormat? {
        fixture.publishChat([deployment], weights: [100])
        return try fixture.plan(request(method, "/demo/chat" + path), body: "{}").usage
    }

    @Test(arguments: [
        ("/v1/chat/completions", UsageFormat.openAI), ("/v1/chat/completions/", .openAI),
        ("/v1//chat/completions", .openAI), ("/V1/Chat/Completions", .openAI), ("/v1/chat/completions;a=b", .openAI),
        ("/v1;a/messages;b", .anthropic), ("/v1/messages/count_tokens/", .anthropic), ("/v1/responses/", .responses),
        ("/openai/v1/chat/completions", .openAI), ("/chat/completions", .openAI), ("/x/completions", .openAI),
        ("/api/v1/messages", .anthropic), ("/v1/messages/batches", .other), ("/v1/x/responses", .other),
        ("/v1/embeddings", .other), ("/messages", nil), ("/responses", nil), ("/score", nil), ("/", nil), ("/v1", nil),
        ("/v10/embeddings", nil), ("/v1x", nil), ("/completions/x", nil), ("/chat/completionsx", nil),
    ])
    func `a path is read as tolerant servers read it`(path: String, usage: UsageFormat?) throws {
        #expect(try self.usage(path, on: deployment()) == usage)
        #expect(try self.usage(path, on: deployment(), method: "GET") == nil)
    }

    @Test(arguments: [
        ("http://a/v1", "/chat/completions", UsageFormat.openAI), ("http://a/v1", "/v1/chat/completions", .openAI),
        ("http://a/v1", "/messages", .anthropic), ("http://a/v1/messages", "/count_tokens", .anthropic),
        ("http://a/v1/chat", "/completions", .openAI), ("http://a/v1/responses", "/", .responses),
        ("http://a/v1", "/score", .other), ("http://a/v1", "/", nil), ("http://a/api", "/score", nil),
        ("http://a/openai/deployments/x", "/chat/completions", .openAI), ("http://a/api", "/v1/messages", .anthropic),
    ])
    func `the path of the upstream's URL belongs to it`(url: String, path: String, usage: UsageFormat?) throws {
        #expect(try self.usage(path, on: deployment(urls: [url])) == usage)
    }

    @Test(arguments: [
        ("/score", "/v1/chat/completions", "/score", UsageFormat.openAI),
        ("/score", "/v1/chat", "/score/completions", .openAI),
        ("/score", "/v1/chat/completions", "/scores", nil), ("/score", "/predict", "/score", nil),
        ("/score", "", "/score/chat/completions", .openAI), ("/score", "", "/score", nil),
        ("", "/v1", "/messages", .anthropic),
        ("/v1", "/api", "/v1/chat/completions", .openAI), ("/v1", "/api", "/v1/messages", .anthropic),
    ])
    func `so does what the deployment makes of it`(strip: String, add: String, path: String, usage: UsageFormat?) throws
    {
        let rewrite = PathRewrite(stripPrefix: strip, addPrefix: add)
        #expect(try self.usage(path, on: deployment(path: rewrite)) == usage)
    }

    @Test func `the embedded pool's scoring path is its own, and metered as chat`() throws {
        let native = try deployment(urls: ["unix:/run/w.sock"], isNative: true)
        #expect(try usage("/score", on: native) == .openAI)
        #expect(try usage("/score/x", on: native) == nil)
        let asking = try fixture.plan(request("POST", "/demo/chat/score"), body: #"{"stream":true}"#)
        #expect(asking.asksForUsage)
        #expect(asking.path == "/score")
    }

    @Test func `instances whose URLs differ are counted by the one that counts most`() throws {
        let urls = ["http://a/x", "http://b/v1", "http://c/v1/chat"]
        #expect(try usage("/embeddings", on: deployment(urls: urls)) == .other)
        #expect(try usage("/messages", on: deployment(urls: urls)) == .anthropic)
    }

    @Test func `a body is held when any deployment that may answer leads it to chat`() throws {
        let scored = try deployment(
            "green",
            urls: ["http://green.test"],
            path: PathRewrite(stripPrefix: "/score", addPrefix: "/v1/chat/completions"),
            model: "own/name"
        )
        fixture.publishChat([try deployment(model: "own/name"), scored], weights: [100, 0])
        let head = request("POST", "/demo/chat/score", contentType: "text/plain")
        guard case .needsBody = try fixture.admission.admit(head) else {
            Issue.record("the body is not asked for")
            return
        }
        let plain = try fixture.plan(head, body: #"{"stream":true}"#)
        #expect(plain.usage == nil)
        #expect(plain.bodyModel == nil)
        let pinned = request("POST", "/demo/chat/score", pinned: "green", contentType: "text/plain")
        let asked = try fixture.plan(pinned, body: #"{"stream":true}"#)
        #expect(asked.usage == .openAI)
        #expect(asked.bodyModel == "own/name")
    }

    @Test(arguments: [
        ("/v1/chat/completions", #"{"max_tokens":700}"#, 700), ("/v1/chat/completions", "{}", 512),
        ("/v1/responses", #"{"max_output_tokens":700}"#, 700), ("/v1/responses", "{}", 512),
        ("/v1/embeddings", "{}", 0), ("/score", #"{"max_tokens":700}"#, 0),
    ])
    func `what a call may use is estimated by what it is`(path: String, body: String, output: Int64) throws {
        let plan = try fixture.plan(request("POST", "/demo/chat" + path), body: body)
        let demand = plan.request.demand(plan.usage, plan.fields, length: 40)
        #expect(demand.outputTokens == output)
        #expect(demand.inputTokens == (plan.usage == nil ? 0 : 10))
    }

    @Test func `a scoring call of a model that gives vectors is estimated by its input alone`() throws {
        fixture.publishChat([try deployment(isNative: true)], weights: [100])
        let plan = try fixture.plan(request("POST", "/demo/chat/score"), body: #"{"inputs":["x","y"]}"#)
        let text = plan.request.demand(plan.usage, plan.fields, length: 40)
        #expect((text.inputTokens, text.outputTokens) == (10, 512))
        let vectors = plan.request.demand(plan.usage, plan.fields, length: 40, hasOutput: false)
        #expect((vectors.inputTokens, vectors.outputTokens) == (10, 0))
    }

    @Test func `a body too large to be held goes on without a model where none routes it`() throws {
        let large = #"{"messages":""# + String(repeating: "x", count: Admission.heldBody)
        #expect(try fixture.plan(request("POST", "/demo/chat/v1/chat/completions"), body: large).usage == .openAI)
        #expect(throws: Refusal.bodyTooLarge(limit: Admission.heldBody)) {
            try fixture.plan(request("POST", "/v1/chat/completions"), body: large)
        }
    }
}
