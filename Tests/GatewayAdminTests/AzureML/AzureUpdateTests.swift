import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Deployments that are read and sent back by Azure's clients, again and again.
@Suite struct AzureUpdateTests {
    private static let ours = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
    private static let blue = Azure.deployment("blue")

    /// What the SDK does for a new tag: get, change, put.
    private static func retag(_ client: AdminTestClient, _ tag: Int) async throws {
        var shown = try await client.azure(.get, blue)
        shown.set("tags", ["n": .string("\(tag)")])
        #expect(try await client.send(.put, blue, try AzureBody.text(shown)).status == 200)
        let after = try await client.azure(.get, blue)
        #expect(after["tags"] == ["n": .string("\(tag)")] && after["properties"]?["provisioningState"] == "Succeeded")
    }

    private static func register(_ client: AdminTestClient, _ kind: String, _ name: String, _ properties: String)
        async throws
    {
        let uri = "\(Azure.scope.id)/\(kind)/\(name)/versions/1\(Azure.version)"
        #expect(try await client.send(.put, uri, #"{"properties":{\#(properties)}}"#).status == 201)
    }

    private static func fixture(_ runtimes: [RuntimeTable.Entry] = []) async throws -> AdminFixture {
        let fixture = try await AdminFixture(runtimes: runtimes)
        fixture.readiness.set("demo/chat/blue", ready: 1)
        return fixture
    }

    @Test(arguments: [false, true])
    func `what serves a deployment of ours stays through every update, whatever the table of the configuration has`(
        hasEntry: Bool
    ) async throws {
        let entries = hasEntry ? [RuntimeTable.Entry(tenant: "demo", serving: Azure.upstream)] : []
        try await Self.fixture(entries).withClient { client in
            try await client.prepareAzure()
            let body = #"{"upstream":{"urls":["http://127.0.0.1:9000"],"headers":{"x-a":"1"}}}"#
            #expect(try await client.send(.put, Self.ours, body).status == 201)
            let made = try await client.get(DeploymentResource.self, Self.ours).upstream
            for tag in 1...3 {
                try await Self.retag(client, tag)
                #expect(try await client.get(DeploymentResource.self, Self.ours).upstream == made)
            }
        }
    }

    @Test func `a worker's settings stay through every update, that of its model too`() async throws {
        try await Self.fixture().withClient { client in
            try await client.prepareAzure()
            for name in ["small", "other"] {
                let blob = "/store.blob.local/demo/LocalUpload/\(name)/m.gguf"
                #expect(try await client.raw(.put, blob, FakeModelFile.text(name)).status == 201)
                let folder = "azureml://subscriptions/s/resourcegroups/g/workspaces/demo/datastores"
                let uri = "\(folder)/workspaceblobstore/paths/LocalUpload/\(name)/m.gguf"
                try await Self.register(client, "models", name, #""modelUri":"\#(uri)""#)
            }
            let body = #"{"native":{"slots":2,"context":64},"model":"azureml:small:1"}"#
            let made = Azure.body(urls: nil, #""model":"azureml:small:1""#)
            #expect(try await client.send(.put, Azure.deployment("first"), made).status == 201)
            let answer = try await client.send(.put, Self.ours, body)
            #expect(answer.status == 201, "\(answer.text)")
            let native = try await client.get(DeploymentResource.self, Self.ours).native
            for tag in 1...3 {
                try await Self.retag(client, tag)
                #expect(try await client.get(DeploymentResource.self, Self.ours).native == native)
            }
            let next = Azure.body(urls: nil, #""model":"azureml:other:1""#)
            #expect(try await client.send(.put, Self.blue, next).status == 200)
            let changed = try await client.get(DeploymentResource.self, Self.ours)
            #expect(changed.native == native && changed.model == "azureml:other:1")
        }
    }

    @Test func `servers that our API put in the place of the SDK's stay, until the client names others`() async throws {
        try await Self.fixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Self.blue, Azure.body()).status == 201)
            let ours = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            #expect(try await client.send(.put, Self.ours, ours).status == 200)
            for tag in 1...2 {
                try await Self.retag(client, tag)
                let upstream = try await client.get(DeploymentResource.self, Self.ours).upstream
                #expect(upstream?.urls == ["http://127.0.0.1:9001"])
            }
            #expect(try await client.send(.put, Self.blue, Azure.body()).status == 200)
            let upstream = try await client.get(DeploymentResource.self, Self.ours).upstream
            #expect(upstream?.urls == ["http://127.0.0.1:9000"])
        }
    }

    @Test func `settings of what the table of the configuration serves stay while it does not change`() async throws {
        try await Self.fixture([RuntimeTable.Entry(tenant: "demo", serving: Azure.upstream)]).withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Self.blue, Azure.body(urls: nil)).status == 201)
            let ours = #"{"upstream":{"urls":["http://127.0.0.1:9001"],"headers":{"x-a":"1"}}}"#
            #expect(try await client.send(.put, Self.ours, ours).status == 200)
            for tag in 1...2 {
                try await Self.retag(client, tag)
                #expect(try await client.get(DeploymentResource.self, Self.ours).upstream?.headers == ["x-a": "1"])
            }
        }
    }

    @Test func `what the table of the configuration serves follows an entry that leads elsewhere since`() throws {
        let asked = try AzureDeployment(["properties": ["endpointComputeType": "Managed"]])
        let chosen = ServingChoice.Choice(serving: Azure.upstream, isOwners: true)
        let body = ServedBefore.record(asked, nil, chosen, keeping: nil)
        let record = AzureRecord(body: try AzureBody.text(body), createdAt: 0, modifiedAt: 0, createdBy: "eve")
        let blue = DeploymentDefinition(tenant: "demo", endpoint: "chat", name: "blue", serving: Azure.upstream)
        let served = ServedBefore(blue, record, modelVersion: nil)
        #expect(served.isRepeated(by: asked, image: nil))
        #expect(!served.isMoved(to: nil) && !served.isMoved(to: Azure.upstream))
        #expect(served.isMoved(to: .native(NativeDefinition())))
        #expect(served.isMoved(to: .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:9002"]))))
        let kept = ServingChoice.Choice(serving: Azure.upstream)
        #expect(ServedBefore.record(asked, nil, kept, keeping: served) == body)
        #expect(!ServedBefore(blue, nil, modelVersion: nil).isMoved(to: Azure.upstream))
    }

    private static let settings = """
        "headers":{"x-a":"1","x-b":"${secret:key}"},"removeHeaders":["cookie"],"model":"theirs",\
        "path":{"addPrefix":"/api"},"probe":{"readiness":"/ready"}
        """

    @Test func `an update of the URLs changes nothing else of an upstream`() async throws {
        try await Self.fixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Self.blue, Azure.body()).status == 201)
            #expect(try await client.send(.put, "\(Self.ours)/secrets/key", #"{"value":"x"}"#).status == 201)
            let variables = #""environmentVariables":{"GATEHOUSE_UPSTREAM_URLS":"http://127.0.0.1:9000"}"#
            let ours = #"{\#(variables),"upstream":{"urls":["http://127.0.0.1:9000"],\#(Self.settings)}}"#
            let answer = try await client.send(.put, Self.ours, ours)
            #expect(answer.status == 200, "\(answer.text)")
            var expected = try #require(try await client.get(DeploymentResource.self, Self.ours).upstream)
            #expect(expected.headers.count == 2 && expected.path?.addPrefix == "/api")
            try await Self.retag(client, 1)
            #expect(try await client.get(DeploymentResource.self, Self.ours).upstream == expected)
            for urls in ["http://127.0.0.1:9001", "http://127.0.0.1:9001,http://127.0.0.1:9002"] {
                #expect(try await client.send(.put, Self.blue, Azure.body(urls: urls)).status == 200)
                expected.urls = urls.split(separator: ",").map(String.init)
                #expect(try await client.get(DeploymentResource.self, Self.ours).upstream == expected)
            }
        }
    }

    @Test func `the routes of an environment go with it, though other settings stay`() async throws {
        let fixture = try await Self.fixture()
        let store = fixture.controlPlane.store
        @Sendable func path() throws -> PathRewrite? {
            guard case .upstream(let upstream) = try store.deployment("demo", "chat", "blue").serving else {
                return nil
            }
            return upstream.path
        }
        try await fixture.withClient { client in
            try await client.prepareAzure()
            for name in ["one", "two"] {
                let routes = #""inferenceConfig":{"scoringRoute":{"path":"/\#(name)"}}"#
                try await Self.register(client, "environments", name, #""image":"i",\#(routes)"#)
                let body = Azure.body(#""environmentId":"azureml:\#(name):1""#)
                _ = try await client.send(.put, Self.blue, body)
                #expect(try path() == PathRewrite(scoringRoute: "/\(name)"))
                try await Self.retag(client, 1)
                #expect(try path() == PathRewrite(scoringRoute: "/\(name)"))
            }
            let uri = "\(Azure.scope.id)/environments/two/versions/1\(Azure.version)"
            let moved = #"{"properties":{"image":"i","inferenceConfig":{"scoringRoute":{"path":"/three"}}}}"#
            #expect(try await client.send(.put, uri, moved).status == 200)
            try await Self.retag(client, 2)
            #expect(try path() == PathRewrite(scoringRoute: "/three"))
        }
    }
}
