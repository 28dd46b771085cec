import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Who may do what in Azure's way: the roles of our own API, in the workspace's tenant alone.
@Suite struct AzurePermissionTests {
    private static func token(_ client: AdminTestClient, _ role: String, _ tenant: String) async throws -> String {
        let name = "\(role)-\(tenant)"
        _ = try await client.send(.put, "/api/v1/operators/\(name)", #"{"role":"\#(role)","tenant":"\#(tenant)"}"#)
        let made = try await client.send(.post, "/api/v1/operators/\(name)/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    private static func path(of route: ARMRoutes.Route) -> String {
        [
            ("{subscription}", "s"), ("{group}", "g"), ("{workspace}", "demo"), ("{endpoint}", "chat"),
            ("{deployment}", "blue"), ("{name}", "m"), ("{version}", "1"), ("{datastore}", "workspaceblobstore"),
            ("{location}", "local"), ("{operation}", "none"),
        ].reduce(route.path.text) { $0.replacing($1.0, with: $1.1) }
    }

    @Test(arguments: ["owner", "admin", "deployer", "key-admin", "reviewer", "monitor"])
    func `every route is closed to roles without its permission, and to those of other tenants`(role: String)
        async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            let (own, foreign) = (
                try await Self.token(client, role, "demo"), try await Self.token(client, role, "other")
            )
            let held = try #require(Role(rawValue: role))
            for route in ARMRoutes.table where route.path.text.contains("{workspace}") {
                let path = Self.path(of: route)
                let theirs = try await client.send(route.method, path, "{", authorization: foreign)
                #expect(theirs.status == 403, "\(route.method) \(path)")
                let ours = try await client.send(route.method, path, "{", authorization: own)
                #expect((ours.status == 403) == !route.permission.roles.contains(held), "\(route.method) \(path)")
            }
            let blob = "/store.blob.local/demo/a"
            #expect(try await client.send(.get, blob, authorization: foreign).status == 403)
            let absent = Permission.read.roles.contains(held) ? 404 : 403
            #expect(try await client.send(.get, blob, authorization: own).status == absent)
        }
    }

    @Test func `values of environment variables are for those who may set them, of failed deployments too`()
        async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Azure.deployment("blue"), Azure.body()).status == 201)
            let variables = #""environmentVariables":{"TOKEN":"canary"}"#
            let unserved = Azure.body(urls: nil, variables)
            #expect(try await client.send(.put, Azure.deployment("red"), unserved).status == 201)
            let reads = [
                Azure.deployment("blue"), Azure.deployment("red"), "\(Azure.endpoint)/deployments\(Azure.version)",
            ]
            for (role, isShown) in [("reviewer", false), ("key-admin", false), ("deployer", true)] {
                let token = try await Self.token(client, role, "demo")
                var texts: [String] = []
                for uri in reads { texts.append(try await client.send(.get, uri, authorization: token).text) }
                #expect(texts.allSatisfy { $0.contains("(not shown)") != isShown }, "\(role)")
                let all = texts.joined()
                #expect((all.contains("canary") && all.contains("127.0.0.1:9000")) == isShown, "\(role)")
            }
        }
    }

    @Test func `a deployer moves traffic, and does not open or close the endpoint`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let token = try await Self.token(client, "deployer", "demo")
            let body = Azure.body(urls: "http://10.1.2.3:9000")
            let uri = Azure.endpoint + Azure.version
            #expect(try await client.send(.put, Azure.deployment("blue"), body, authorization: token).status == 201)
            let moved = #"{"properties":{"authMode":"Key","traffic":{"blue":100}}}"#
            #expect(try await client.send(.put, uri, moved, authorization: token).status == 200)
            for change in [#""authMode":"AADToken""#, #""authMode":"Key","publicNetworkAccess":"Disabled""#] {
                let answer = try await client.send(.put, uri, #"{"properties":{\#(change)}}"#, authorization: token)
                #expect(answer.status == 403, "\(change)")
            }
        }
    }

    @Test func `the table of the configuration is the owner's word, and a variable is the client's`() async throws {
        let fixture = try await AdminFixture(runtimes: [RuntimeTable.Entry(model: "m", serving: Azure.upstream)])
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let token = try await Self.token(client, "deployer", "demo")
            let model = "\(Azure.scope.id)/models/m/versions/1\(Azure.version)"
            let registered = #"{"properties":{"modelUri":"s3://a"}}"#
            #expect(try await client.send(.put, model, registered, authorization: token).status == 201)
            let reference = #""model":"azureml:m:1""#
            let served = Azure.body(urls: nil, reference)
            #expect(try await client.send(.put, Azure.deployment("blue"), served, authorization: token).status == 201)
            let named = Azure.body(urls: "http://127.0.0.1:22", reference)
            #expect(try await client.send(.put, Azure.deployment("red"), named, authorization: token).status == 400)
            let local = #"{"properties":{"modelUri":"file:///etc/passwd"}}"#
            let other = model.replacing("/m/", with: "/n/")
            #expect(try await client.send(.put, other, local, authorization: token).status == 403)
        }
    }

    @Test func `what is registered in Azure's way is in the audit log`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let model = "\(Azure.scope.id)/models/m/versions/1\(Azure.version)"
            _ = try await client.send(.put, model, #"{"properties":{"modelUri":"s3://a"}}"#)
            let log = try await client.send(.get, "/api/v1/audit").text
            #expect(log.contains("demo/models/m:1") && log.contains("s3://a") && log.contains("PUT /subscriptions/s1/"))
        }
    }
}
