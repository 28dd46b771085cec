import GatewayCore
import Testing

/// What is refused, and which refusal comes first.
@Suite struct AdmissionTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture(domain: "models.example.com") }

    private func refusal(_ head: RequestHead, body: String? = nil) -> Refusal? {
        do {
            _ = try fixture.admission.admit(head, fields: body.map { fields(of: $0) })
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["/healthz", "/readyz"]) func `service paths need no key`(path: String) throws {
        guard case .answer = try fixture.admission.admit(request("GET", path, key: nil)) else {
            Issue.record("not answered")
            return
        }
    }

    @Test(arguments: [
        "/demo/chat/score", "/demo/nothing/score", "/nobody/chat/score", "/", "/v1/models", "/v1/models/x",
        "/v1/messages",
        "/v1/chat/completions", "/openai/deployments/chat/chat/completions", "/v1/", "/healthz/x",
    ])
    func `without a valid key every path is refused alike, existing or not`(path: String) {
        for method in ["GET", "POST"] {
            #expect(refusal(request(method, path, key: nil)) == .unauthenticated(.missing))
            #expect(refusal(request(method, path, key: "wrong")) == .unauthenticated(.invalid))
            #expect(refusal(request(method, path, key: "")) == .unauthenticated(.invalid))
            #expect(refusal(request(method, path, key: Fixture.chatKey + "x")) == .unauthenticated(.invalid))
        }
    }

    @Test func `two different credentials are refused, one of them valid or not`() {
        let head = RequestHead(method: "POST", path: "/demo/chat/score", credential: .conflicting)
        #expect(refusal(head) == .unauthenticated(.conflicting))
    }

    @Test func `a key of a tenant that is gone opens nothing`() throws {
        fixture.snapshots.publish(
            Snapshot(
                domain: nil,
                tenants: [],
                keyring: Keyring([
                    KeyDigest(of: "k"): Caller(tenant: "gone", endpoint: "chat", label: "gone/chat#primary")
                ])
            )
        )
        #expect(refusal(request("POST", "/gone/chat/score", key: "k")) == .unauthenticated(.invalid))
        #expect(refusal(request("GET", "/v1/models", key: "k")) == .unauthenticated(.invalid))
    }

    @Test(arguments: ["/other/chat/score", "/other/nothing/score", "/nobody/chat/score"])
    func `another tenant's endpoint does not exist`(path: String) {
        #expect(refusal(request("POST", path)) == .noSuchEndpoint)
    }

    @Test func `the key's own tenant hides nothing: another endpoint is forbidden, a missing one missing`() {
        #expect(refusal(request("POST", "/demo/search/score")) == .forbidden)
        #expect(refusal(request("POST", "/demo/nothing/score")) == .noSuchEndpoint)
        #expect(refusal(request("POST", "/demo/chat/score", key: Fixture.searchKey)) == .forbidden)
    }

    @Test func `host forms isolate tenants too`() {
        #expect(refusal(request("POST", "/score", host: "chat.other.models.example.com")) == .noSuchEndpoint)
        #expect(refusal(request("POST", "/score", host: "search.demo.models.example.com")) == .forbidden)
        #expect(refusal(request("POST", "/score", host: "chat.example.org", key: Fixture.otherKey)) == .noSuchEndpoint)
        #expect(refusal(request("POST", "/score", host: "chat.example.org", key: Fixture.searchKey)) == .forbidden)
    }

    @Test func `paths of no form are not found`() {
        #expect(refusal(request("GET", "/")) == .noSuchEndpoint)
        #expect(refusal(request("GET", "/demo")) == .noSuchEndpoint)
        #expect(refusal(request("GET", "/v1/chat/completions")) == .noSuchEndpoint)
        #expect(refusal(request("POST", "/openai/other")) == .noSuchEndpoint)
    }

    @Test(arguments: [
        (#"{"model":"chat"}"#, nil), (#"{"model":"gpt-4.1-mini"}"#, nil), (#"{"model":"search"}"#, Refusal.forbidden),
        (#"{"model":"nothing"}"#, .noSuchModel), (#"{"model":"CHAT"}"#, .noSuchModel),
        (#"{}"#, .bodyUnreadable(.noModel)),
        (#"[]"#, .bodyUnreadable(.notJSON)), (#"{"model":1}"#, .bodyUnreadable(.modelNotText)),
        (#"{"model":null}"#, .bodyUnreadable(.modelNotText)),
        (#"{"model":"chat","model":"chat"}"#, .bodyUnreadable(.modelTwice)),
        ("", .bodyUnreadable(.noModel)), ("not json", .bodyUnreadable(.notJSON)),
    ])
    func `a body's model is found, or the refusal says why not`(body: String, expected: Refusal?) {
        #expect(refusal(request("POST", "/v1/chat/completions"), body: body) == expected)
        #expect(refusal(request("POST", "/v1/messages"), body: body) == expected)
    }

    @Test func `another tenant's model name does not exist`() {
        #expect(
            refusal(request("POST", "/v1/responses", key: Fixture.otherKey), body: #"{"model":"gpt-4.1-mini"}"#)
                == .noSuchModel
        )
    }

    @Test func `the Azure OpenAI form knows endpoints by name and alias`() {
        #expect(refusal(request("POST", "/openai/deployments/nothing/embeddings"), body: "{}") == .noSuchModel)
        #expect(refusal(request("POST", "/openai/deployments/search/embeddings"), body: "{}") == .forbidden)
        #expect(refusal(request("POST", "/openai/deployments/gpt-4.1-mini/embeddings"), body: "{}") == nil)
    }

    @Test func `a pinned deployment must exist, ready or not`() throws {
        #expect(refusal(request("POST", "/demo/chat/score", pinned: "red")) == .noSuchDeployment)
        #expect(refusal(request("POST", "/demo/chat/score", pinned: "")) == .noSuchDeployment)
        #expect(refusal(request("POST", "/demo/search/score", pinned: "red")) == .forbidden)
        for instance in try fixture.chat.deployments[1].instances { instance.markReady(false) }
        #expect(refusal(request("POST", "/demo/chat/score", pinned: "green")) == .notReady(deployment: "green"))
    }

    @Test func `without weights there is no traffic, but a pinned deployment answers`() throws {
        let idle = try Fixture([0, 0])
        #expect(throws: Refusal.noTraffic) { try idle.admission.admit(request("POST", "/demo/chat/score")) }
        let plan = try idle.plan(request("POST", "/demo/chat/score", pinned: "green"))
        #expect(plan.deployment.name == "green")
    }

    @Test func `without a ready instance the deployment is named`() throws {
        for deployment in try fixture.chat.deployments {
            for instance in deployment.instances { instance.markReady(false) }
        }
        #expect(refusal(request("POST", "/demo/chat/score")) == .notReady(deployment: "blue"))
    }

    @Test func `a full receipt queue refuses before anything is picked, and after who it is`() throws {
        let full = try Fixture([0, 0], receiptBound: 0)
        #expect(throws: Refusal.overloaded) {
            try full.admission.admit(request("POST", "/demo/chat/score", pinned: "red"))
        }
        #expect(throws: Refusal.forbidden) { try full.admission.admit(request("POST", "/demo/search/score")) }
        #expect(throws: Refusal.unauthenticated(.missing)) {
            try full.admission.admit(request("POST", "/demo/chat/score", key: nil))
        }
    }
}
