import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// What a change really does decides who may make it, whichever way it comes.
@Suite struct ChangeCheckTests {
    private static let tenant = "/api/v1/tenants/demo"
    private static let blue = "\(tenant)/endpoints/chat/deployments/blue"
    private static let upstream = #""upstream":{"urls":["http://127.0.0.1:9000"]}"#
    private static let limits = #""rateLimits":[{"requests":5,"per":"minute"}]"#

    /// The credential of somebody new.
    private func login(_ client: AdminTestClient, _ role: String, tenant: String? = "demo") async throws -> String {
        let name = "\(role)-\(tenant ?? "all")"
        _ = try await client.put("/api/v1/operators/\(name)", OperatorResource(name: name, role: role, tenant: tenant))
        let made = try await client.send(.post, "/api/v1/operators/\(name)/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    @Test func `a deployer changes a deployment, and neither its limits nor its price`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let token = try await login(client, "deployer")
            func put(_ path: String, _ members: String, as token: String) async throws -> Int {
                try await client.send(.put, path, "{\(Self.upstream)\(members)}", authorization: token).status
            }
            #expect(try await client.send(.put, "\(Self.blue)/limits", "{\(Self.limits)}").status == 200)
            #expect(try await put(Self.blue, "", as: token) == 403)
            #expect(try await put(Self.blue, #","description":"d",\#(Self.limits)"#, as: token) == 200)
            #expect(try await put(Self.blue, #",\#(Self.limits),"price":{"perRequest":1}"#, as: token) == 403)
            let red = Self.blue.replacing("blue", with: "red")
            #expect(try await put(red, #","quotas":[{"requests":5,"per":"day"}]"#, as: token) == 403)
            #expect(try await client.send(.get, red).status == 404)
            let apply = #"{"deployments":[{"tenant":"demo","endpoint":"chat","name":"blue",\#(Self.upstream)}]}"#
            let dry = apply.replacing(#"{"dep"#, with: #"{"dryRun":true,"dep"#)
            for body in [apply, dry] {
                #expect(try await client.send(.post, "/api/v1/apply", body, authorization: token).status == 403)
            }
            #expect(try await client.send(.delete, Self.blue, authorization: token).status == 403)
            #expect(try await client.get(DeploymentResource.self, Self.blue).limits.count == 1)
            #expect(try await put(Self.blue, "", as: try await login(client, "admin")) == 200)
            #expect(try await client.send(.delete, Self.blue, authorization: token).status == 204)
        }
    }

    @Test(arguments: ["deployer", "admin"])
    func `a role for the whole gateway that is no owner's opens none of the gateway's secrets`(role: String)
        async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let token = try await login(client, role, tenant: nil)
            for upstream in [
                #"{"urls":["https://a.example"],"headers":{"x":"${env:BACKEND_KEY}"}}"#,
                #"{"urls":["unix:/run/secret.sock"]}"#, #"{"urls":["http://127.0.0.1:22"]}"#,
            ] {
                let body = #"{"upstream":\#(upstream)}"#
                #expect(try await client.send(.put, Self.blue, body, authorization: token).status == 400, "\(upstream)")
            }
            let body = Azure.body(urls: "http://127.0.0.1:22")
            #expect(try await client.send(.put, Azure.deployment("red"), body, authorization: token).status == 400)
            let owner = try await login(client, "owner", tenant: nil)
            #expect(try await client.send(.put, Azure.deployment("red"), body, authorization: owner).status == 201)
        }
    }

    @Test func `a tenant's owner says neither what it may use in all nor whether it is suspended`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "\(Self.tenant)/limits", "{\(Self.limits)}")
            let token = try await login(client, "owner")
            func send(_ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil) async throws -> Int {
                try await client.send(method, uri, body, authorization: token).status
            }
            #expect(try await send(.post, "\(Self.tenant)/suspend") == 403)
            #expect(try await send(.post, "\(Self.tenant)/resume") == 403)
            #expect(try await send(.delete, "\(Self.tenant)/limits") == 403)
            #expect(try await send(.put, Self.tenant, "{}") == 403)
            #expect(try await send(.put, Self.tenant, #"{"suspended":true,\#(Self.limits)}"#) == 403)
            #expect(try await send(.post, "/api/v1/apply", #"{"tenants":[{"name":"demo"}]}"#) == 403)
            let suspending = #"{"tenants":[{"name":"demo","suspended":true,\#(Self.limits)}]}"#
            #expect(try await send(.post, "/api/v1/apply", suspending) == 403)
            #expect(try await send(.put, Self.tenant, #"{"queueWeight":2,\#(Self.limits)}"#) == 403)
            // How its keys stand beside one another is its own business.
            #expect(try await send(.post, "\(Self.tenant)/keys", #"{"name":"app","queueWeight":100}"#) == 201)
            #expect(try await send(.put, Self.tenant, #"{"subscription":"s",\#(Self.limits)}"#) == 200)
            let shown = try await client.get(TenantResource.self, Self.tenant)
            #expect(shown.suspended == false && shown.limits.count == 1 && shown.subscription == "s")
        }
    }

    @Test func `operators of a suspended tenant neither log in nor do anything, until it is resumed`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let body = #"{"role":"owner","tenant":"demo","password":"a long password"}"#
            _ = try await client.send(.put, "/api/v1/operators/olga", body)
            func logIn() async throws -> TestAnswer {
                let body = #"{"name":"olga","password":"a long password"}"#
                return try await client.send(.post, "/api/v1/login", body, authorization: nil)
            }
            let session = try #require(try await logIn().decode(OperatorTokenResource.self).token)
            func ask() async throws -> Int {
                try await client.send(.get, Self.tenant, authorization: "Bearer \(session)").status
            }
            #expect(try await ask() == 200)
            #expect(try await client.send(.post, "\(Self.tenant)/suspend").status == 200)
            #expect(try await ask() == 401)
            #expect(try await logIn().status == 401)
            #expect(try await client.send(.post, "\(Self.tenant)/resume").status == 200)
            #expect(try await ask() == 200)
            #expect(try await logIn().status == 200)
        }
    }

    @Test(arguments: ["key-admin", "admin"])
    func `a principal that holds a role is changed by those only who may give the role`(role: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let made = try await client.send(.post, "\(Self.tenant)/principals", #"{"name":"robot"}"#)
            let principal = try made.decode(PrincipalResource.self)
            let secret = try #require(principal.secrets?.first?.id)
            var boss = RoleResource(tenant: "demo", name: "boss", role: "owner")
            boss.application = principal.clientId
            _ = try await client.put("\(Self.tenant)/roles/boss", boss)
            let token = try await login(client, role)
            let robot = "\(Self.tenant)/principals/robot"
            let apply = #"{"principals":[{"tenant":"demo","name":"robot","disabled":true}]}"#
            for (method, uri, body) in [
                (HTTPRequest.Method.put, robot, #"{"disabled":true}"#), (.delete, robot, nil),
                (.delete, "\(robot)/secrets/\(secret)", nil), (.post, "\(robot)/secrets", "{}"),
                (.post, "/api/v1/apply", apply),
            ] {
                let answer = try await client.send(method, uri, body, authorization: token)
                #expect(answer.status == 403, "\(method) \(uri): \(answer.text)")
            }
            let shown = try await client.get(PrincipalResource.self, robot)
            #expect(shown.disabled == false && shown.secrets?.count == 1)
            let other = #"{"principals":[{"tenant":"demo","name":"robot"},{"tenant":"demo","name":"plain"}]}"#
            #expect(try await client.send(.post, "/api/v1/apply", other, authorization: token).status == 200)
            let plain = "\(Self.tenant)/principals/plain"
            #expect(try await client.send(.put, plain, #"{"disabled":true}"#, authorization: token).status == 200)
            #expect(try await client.send(.delete, plain, authorization: token).status == 204)
        }
    }

    @Test func `what is allowed is asked of the state that the change is made of`() async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            try await client.prepare()
            var request = ChangeOrigin(author: "dan", address: "", request: "PUT")
            let dan = Operator(label: "dan", grants: [.init(role: .deployer, tenant: "demo")])
            request.requirement = { before, after throws(StoreError) in
                do throws(APIError) {
                    try ChangeCheck(dan).require(before, after)
                } catch {
                    throw .forbidden(error.message)
                }
            }
            let stale = try store.endpoint("demo", "chat")
            // Somebody closes the endpoint while the deployer's request, which has read it open, is on its way.
            let closed = #"{"publicNetworkAccess":"disabled"}"#
            #expect(try await client.send(.put, "\(Self.tenant)/endpoints/chat", closed).status == 200)
            let origin = request
            await #expect(throws: StoreError.self) {
                try await ChangeOrigin.$current.withValue(origin) { _ = try await store.putEndpoint(stale) }
            }
            #expect(try store.endpoint("demo", "chat").isPrivate)
        }
    }

    @Test func `a problem of another tenant is not told`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "/api/v1/tenants/zeta", "{}")
            let claim = #"{"hosts":["chat.example.org"]}"#
            #expect(try await client.send(.put, "/api/v1/tenants/zeta/endpoints/secret", claim).status == 201)
            let token = try await login(client, "admin")
            let answer = try await client.send(.put, "\(Self.tenant)/endpoints/chat", claim, authorization: token)
            #expect(answer.status == 409 && !answer.text.contains("zeta") && !answer.text.contains("secret"))
            #expect(try await client.send(.put, "\(Self.tenant)/endpoints/chat", claim).text.contains("zeta"))
        }
    }
}
