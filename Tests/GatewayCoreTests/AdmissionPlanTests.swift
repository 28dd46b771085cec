import GatewayCore
import Testing

/// What is planned for the requests that are admitted.
@Suite struct AdmissionPlanTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture(domain: "models.example.com") }

    @Test(arguments: [
        ("/demo/chat/score", "", "/score", nil, true), ("/demo/chat/score/x?a=b", "", "/score/x", "a=b", true),
        ("/demo/chat", "", "/", nil, false), ("/demo/chat/scores", "", "/scores", nil, false),
        ("/demo/chat/a//b?", "", "/a//b", nil, false),
        ("/score?x=1&y=2", "chat.demo.models.example.com", "/score", "x=1&y=2", true),
        ("/caption?url=http://a/b?c", "chat.example.org", "/caption", "url=http://a/b?c", false),
        ("/score", "chat.example.org", "/score", nil, true),
    ])
    func `the endpoint's part of the URL is taken off`(
        target: String,
        host: String,
        path: String,
        query: String?,
        isScoring: Bool
    ) throws {
        let plan = try fixture.plan(request("POST", target, host: host))
        #expect(plan.path == path)
        #expect(plan.query == query)
        #expect(plan.isScoring == isScoring)
        #expect(plan.dialect == .azure)
        #expect(plan.endpoint.name == "chat")
        #expect(plan.caller.label == "demo/chat#primary")
        #expect(plan.usage == nil)
        #expect(plan.fields == nil)
        #expect(!plan.isPinned)
    }

    @Test(arguments: [
        ("?api-version=2024-10-21", nil), ("?api-version=1&x=y", "x=y"), ("?x=y&api-version=1&z", "x=y&z"),
        ("?x=y", "x=y"),
        ("", nil),
    ])
    func `the Azure OpenAI form becomes version 1 without its api-version`(query: String, expected: String?) throws {
        let head = request("POST", "/openai/deployments/chat/chat/completions" + query)
        let plan = try fixture.plan(head, body: "{}")
        #expect(plan.path == "/v1/chat/completions")
        #expect(plan.query == expected)
        #expect(plan.usage == .openAI)
        #expect(plan.dialect == .openAI)
        #expect(!plan.isScoring)
    }

    @Test(arguments: [
        ("/v1/chat/completions", UsageFormat.openAI), ("/v1/completions", .openAI), ("/v1/embeddings", .other),
        ("/v1/responses", .responses), ("/v1/messages", .anthropic), ("/v1/messages/count_tokens", .anthropic),
    ])
    func `version 1 calls keep their path and tell how usage is read`(path: String, usage: UsageFormat) throws {
        for prefix in ["", "/demo/chat"] {
            let plan = try fixture.plan(request("POST", prefix + path), body: #"{"model":"chat"}"#)
            #expect(plan.path == path)
            #expect(plan.usage == usage)
        }
    }

    @Test(arguments: [
        ("POST", "/v1/chat/completions", nil, true),
        ("POST", "/v1/audio/transcriptions", "multipart/form-data; boundary=x", true),
        ("POST", "/v1/anything", "text/plain", true), ("POST", "/v1/messages", "application/json", true),
        ("POST", "/demo/chat/v1/chat/completions", "application/json; charset=utf-8", true),
        ("POST", "/demo/chat/v1/chat/completions", nil, true),
        ("POST", "/demo/chat/v1/chat/completions", "application/octet-stream", true),
        ("POST", "/demo/chat/v1/responses", "text/plain", true),
        ("POST", "/demo/chat/v1/files", "application/octet-stream", false),
        ("POST", "/demo/chat/v1/embeddings", "application/json", true),
        ("GET", "/demo/chat/v1/chat/completions", "application/json", false),
        ("POST", "/demo/chat/score", "application/json", false),
        ("POST", "/demo/chat/files", "multipart/form-data; boundary=x", false),
        ("POST", "/openai/deployments/chat/chat/completions", "application/json", true),
    ])
    func `a body is held only where it routes or is rewritten`(
        method: String,
        path: String,
        contentType: String?,
        isHeld: Bool
    ) throws {
        let head = request(method, path, contentType: contentType)
        guard case .needsBody(let limit) = try fixture.admission.admit(head) else {
            #expect(!isHeld)
            return
        }
        #expect(isHeld)
        #expect(limit == Admission.heldBody)
    }

    @Test func `who may not call is told before a body is asked for`() {
        #expect(throws: Refusal.unauthenticated(.missing)) {
            try fixture.admission.admit(request("POST", "/v1/chat/completions", key: nil))
        }
    }

    @Test(arguments: [
        (#"{"model":"chat","stream":true}"#, true), (#"{"model":"chat"}"#, false),
        (#"{"model":"chat","stream":true,"stream_options":{"include_usage":true}}"#, false),
        (#"{"model":"chat","stream":true,"stream_options":{"include_usage":false}}"#, true),
        (#"{"model":"chat","stream":false}"#, false),
    ])
    func `usage is asked of streams whose caller did not ask`(body: String, asks: Bool) throws {
        #expect(try fixture.plan(request("POST", "/v1/chat/completions"), body: body).asksForUsage == asks)
        #expect(try !fixture.plan(request("POST", "/v1/responses"), body: body).asksForUsage)
        #expect(try !fixture.plan(request("POST", "/v1/messages"), body: body).asksForUsage)
    }

    @Test func `the model list has the names that the key may use, once each`() throws {
        guard case .answer(.models(let names)) = try fixture.admission.admit(request("GET", "/v1/models")) else {
            Issue.record("no list")
            return
        }
        #expect(names == ["chat", "gpt-4.1-mini", "meta/Llama"])
    }

    @Test(arguments: ["chat", "gpt-4.1-mini", "meta/Llama"]) func `a single model is told by each of its names`(
        id: String
    ) throws {
        guard case .answer(.model(id)) = try fixture.admission.admit(request("GET", "/v1/models/\(id)")) else {
            Issue.record("not told")
            return
        }
    }

    @Test(arguments: ["search", "nothing", "", "chat/"]) func `other models are not told of`(id: String) {
        #expect(throws: Refusal.noSuchModel) { try fixture.admission.admit(request("GET", "/v1/models/\(id)")) }
    }

    @Test func `10,000 requests are split 90 to 10`() throws {
        var counts: [String: Int] = [:]
        for _ in 0..<10_000 {
            counts[try fixture.plan(request("POST", "/demo/chat/score")).deployment.name, default: 0] += 1
        }
        #expect(counts == ["blue": 9000, "green": 1000])
    }

    @Test func `a pinned deployment answers every time`() throws {
        for _ in 0..<20 {
            let plan = try fixture.plan(request("POST", "/demo/chat/score", pinned: "green"))
            #expect(plan.deployment.name == "green")
            #expect(plan.isPinned)
        }
    }

    @Test func `a deployment that is not ready leaves its turn to others with weight`() throws {
        let three = try Fixture([90, 10, 0])
        for instance in try three.chat.deployments[0].instances { instance.markReady(false) }
        for _ in 0..<20 { #expect(try three.plan(request("POST", "/demo/chat/score")).deployment.name == "green") }
        for instance in try three.chat.deployments[1].instances { instance.markReady(false) }
        #expect(throws: Refusal.self) { try three.plan(request("POST", "/demo/chat/score")) }
    }

    @Test func `the embedded pool is asked by the scoring path itself`() throws {
        fixture.publishChat([try fixture.deployment("native", ["unix:/run/w.sock"], isNative: true)], weights: [100])
        #expect(try fixture.plan(request("POST", "/demo/chat/score"), body: "{}").path == "/score")
        #expect(try fixture.plan(request("POST", "/demo/chat/score/x")).path == "/score/x")
    }
}
