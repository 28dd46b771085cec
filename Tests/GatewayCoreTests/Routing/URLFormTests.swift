import GatewayCore
import Testing

@Suite struct URLFormTests {
    private let snapshot: Snapshot

    init() throws {
        snapshot = try Fixture(domain: "models.example.com").snapshots.current
    }

    /// A form in words, so that tables can be compared.
    private func form(_ method: String, _ path: String, host: String = "localhost") -> String {
        switch URLForm(of: request(method, path, host: host), in: snapshot) {
        case .service(let answer): "service \(answer)"
        case .issuer: "issuer"
        case .path(let tenant, let endpoint, let rest): "path \(tenant) \(endpoint) \(rest)"
        case .host(let tenant, let endpoint): "host \(tenant) \(endpoint)"
        case .ownHost(let endpoint): "own host \(endpoint.tenant) \(endpoint.name)"
        case .openAI: "openai"
        case .anthropic: "anthropic"
        case .models(let id): "models \(id ?? "-")"
        case .azureOpenAI(let endpoint, let rest): "azure openai \(endpoint) \(rest)"
        case .unknown: "unknown"
        }
    }

    @Test(arguments: [
        ("POST", "/demo/chat/score", "path demo chat /score"),
        ("DELETE", "/demo/chat", "path demo chat "),
        ("GET", "/demo/chat/", "path demo chat /"),
        ("PUT", "/demo/chat/a/b/c", "path demo chat /a/b/c"),
        ("POST", "/demo/chat/v1/models", "path demo chat /v1/models"),
        ("POST", "/v10/chat/score", "path v10 chat /score"),
        ("GET", "/adfs/.well-known/openid-configuration", "issuer"),
        ("GET", "/demo/v2.0/.well-known/openid-configuration", "issuer"),
        ("POST", "/demo/oauth2/v2.0/token", "issuer"),
        ("GET", "/demo/discovery/v2.0/keys", "issuer"),
        ("POST", "/demo/oauth2/score", "path demo oauth2 /score"),
        ("GET", "/", "unknown"),
        ("GET", "/demo", "unknown"),
        ("GET", "/demo/", "unknown"),
        ("GET", "//chat/score", "unknown"),
        ("OPTIONS", "*", "unknown"),
    ])
    func `a path names tenant and endpoint, the rest stays`(method: String, path: String, expected: String) {
        #expect(form(method, path) == expected)
    }

    @Test(arguments: [
        ("GET", "/healthz", "service alive"), ("GET", "/readyz", "service ready"),
        ("HEAD", "/healthz", "service alive"),
        ("GET", "/healthz/", "unknown"),
    ])
    func `service paths are fixed`(method: String, path: String, expected: String) {
        #expect(form(method, path) == expected)
    }

    @Test(arguments: [
        ("POST", "/v1/chat/completions", "openai"),
        ("POST", "/v1/embeddings", "openai"),
        ("POST", "/v1/models", "openai"),
        ("POST", "/v1/messages", "anthropic"),
        ("POST", "/v1/messages/count_tokens", "anthropic"),
        ("POST", "/v1/messages/batches", "openai"),
        ("GET", "/v1/models", "models -"),
        ("HEAD", "/v1/models", "models -"),
        ("GET", "/v1/models/chat", "models chat"),
        ("GET", "/v1/models/meta/Llama", "models meta/Llama"),
        ("GET", "/v1/chat/completions", "unknown"),
        ("GET", "/v1/modelsx", "unknown"),
        ("DELETE", "/v1/models/chat", "unknown"),
        ("POST", "/v1", "unknown"),
        ("POST", "/v1/", "unknown"),
    ])
    func `version 1 paths belong to OpenAI and Anthropic, whatever tenants are called`(
        method: String,
        path: String,
        expected: String
    ) {
        #expect(form(method, path) == expected)
    }

    @Test(arguments: [
        ("/openai/deployments/chat/chat/completions", "azure openai chat /chat/completions"),
        ("/openai/deployments/chat", "azure openai chat "),
        ("/openai/deployments/", "unknown"),
        ("/openai/deployments", "unknown"),
        ("/openai/models", "unknown"),
    ])
    func `the Azure OpenAI form names the endpoint behind deployments`(path: String, expected: String) {
        #expect(form("POST", path) == expected)
    }

    @Test(arguments: [
        ("chat.demo.models.example.com", "host demo chat"),
        ("a.chat.demo.models.example.com", "path demo chat /score"),
        ("demo.models.example.com", "path demo chat /score"),
        (".demo.models.example.com", "path demo chat /score"),
        ("chat..models.example.com", "path demo chat /score"),
        ("models.example.com", "path demo chat /score"),
        ("chat.demo.evilmodels.example.com", "path demo chat /score"),
        ("chat.demo.models.example.com.evil.test", "path demo chat /score"),
        ("", "path demo chat /score"),
    ])
    func `the host form has endpoint, tenant and the whole domain`(host: String, expected: String) {
        #expect(form("POST", "/demo/chat/score", host: host) == expected)
    }

    @Test(arguments: ["/", "/caption", "/v1/chat/completions", "/other/chat/score", "/openai/deployments/x"])
    func `a host that an endpoint claimed is served at its root`(path: String) {
        #expect(form("POST", path, host: "chat.example.org") == "own host demo chat")
    }

    @Test func `without a domain there is no host form`() throws {
        let snapshot = try Fixture().snapshots.current
        let head = request("POST", "/demo/chat/score", host: "chat.demo.models.example.com")
        guard case .path = URLForm(of: head, in: snapshot) else {
            Issue.record("not the path form")
            return
        }
    }

    @Test(arguments: [
        ("POST", "/demo/chat/score", "", Dialect.azure), ("POST", "/v1/chat/completions", "", .openAI),
        ("GET", "/v1/models", "", .openAI), ("POST", "/v1/messages", "", .anthropic),
        ("POST", "/openai/deployments/chat/embeddings", "", .openAI), ("GET", "/", "", .azure),
        ("POST", "/v1/messages", "chat.example.org", .azure),
    ])
    func `errors speak the dialect of the form`(method: String, path: String, host: String, dialect: Dialect) {
        #expect(URLForm(of: request(method, path, host: host), in: snapshot).dialect == dialect)
    }
}
