import GatewayAPI
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct TrafficRoutesTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"

    @Test func `traffic is shown and changed, what is left out stays`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let upstream = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            _ = try await client.send(.put, "\(Self.endpoint)/deployments/shadow", upstream)
            let live = try await client.put("\(Self.endpoint)/traffic", TrafficResource(traffic: ["blue": 100]))
            #expect(live.traffic == ["blue": 100] && live.mirrorTraffic == [:] && live.mirrors == [])
            let both = try await client.put("\(Self.endpoint)/traffic", TrafficResource(mirrorTraffic: ["shadow": 50]))
            #expect(both.traffic == ["blue": 100] && both.mirrorTraffic == ["shadow": 50])
            #expect(
                both.mirrors == [MirrorCountsResource(deployment: "shadow", sent: 0, failed: 0, dropped: 0)]
            )
            #expect(try await client.get(TrafficResource.self, "\(Self.endpoint)/traffic") == both)
            #expect(try await client.get(EndpointResource.self, Self.endpoint).mirrorTraffic == ["shadow": 50])
        }
    }

    @Test(arguments: ["traffic", ""])
    func `a change of traffic waits for the deployments that get some, as Azure's does`(path: String) async throws {
        let fixture = try await AdminFixture()
        let readiness = fixture.readiness
        let operations = fixture.controlPlane.operations
        try await fixture.withClient { client in
            try await client.prepare()
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            // It was ready once, and is not any more.
            readiness.set("demo/chat/blue", ready: 0, lastAnswer: "a connect failed")
            let uri = path.isEmpty ? Self.endpoint : "\(Self.endpoint)/\(path)"
            let answer = try await client.send(.put, uri, #"{"traffic":{"blue":100}}"#)
            let location = try #require(HTTPField.Name("Operation-Location").flatMap { answer.headers[$0] })
            #expect(try await client.get(OperationResource.self, location).status == "Updating")
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            let over = try await client.get(OperationResource.self, location)
            #expect(over.status == "Succeeded" && over.steps.contains { $0.text == "demo/chat/blue: instance 1 ready" })
        }
    }

    private static let location = HTTPField.Name.operationLocation
    private static let blue = "\(endpoint)/deployments/blue"

    /// Changes the endpoint, and says where its operation is.
    private static func change(_ client: AdminTestClient, _ body: String, _ path: String = "/traffic") async throws
        -> String
    {
        let answer = try await client.send(.put, endpoint + path, body)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.headers[location])
    }

    @Test(arguments: ["/traffic", ""])
    func `a change of traffic waits for a deployment that is being made, and ends with it`(path: String) async throws {
        let fixture = try await AdminFixture()
        let (readiness, operations) = (fixture.readiness, fixture.controlPlane.operations)
        try await fixture.withClient { client in
            try await client.prepare()
            let uri = try await Self.change(client, #"{"traffic":{"blue":100}}"#, path)
            await operations.advance()
            #expect(try await client.get(OperationResource.self, uri).status == "Updating")
            #expect(try await client.get(DeploymentResource.self, Self.blue).provisioningState == "Creating")
            // Another change of the deployment, or the same of the traffic, ends nobody's wait.
            let again = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            #expect(try await client.send(.put, Self.blue, again).status == 200)
            #expect(try await Self.change(client, #"{"traffic":{"blue":100}}"#, path) == uri)
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            #expect(try await client.get(OperationResource.self, uri).status == "Succeeded")
            #expect(operations.provisioningState(of: "demo/chat/blue") == .succeeded)
        }
    }

    @Test func `a change of traffic fails with the deployment that it waits for, and says why`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, plane) = (fixture.readiness, fixture.controlPlane)
        try await fixture.withClient { client in
            try await client.prepare()
            readiness.set("demo/chat/blue", ready: 0, lastAnswer: "readiness: GET /ready answered 503")
            let uri = try await Self.change(client, #"{"traffic":{"blue":100}}"#)
            let plan = OperationPlan(putting: try plane.store.deployment("demo", "chat", "blue"), isNew: true)
            _ = try await plane.operations.fail(plan, code: "DeploymentNotReady", message: "not ready")
            await plane.operations.advance()
            let over = try await client.get(OperationResource.self, uri)
            #expect(over.status == "Failed" && over.error?.code == "DeploymentNotReady")
            #expect(over.error?.message.contains("demo/chat/blue had no ready instance") == true)
            #expect(over.error?.message.hasSuffix("its last probe: readiness: GET /ready answered 503") == true)
            let endpoint = try await client.get(EndpointResource.self, Self.endpoint)
            #expect(endpoint.provisioningState == "Failed" && endpoint.traffic == ["blue": 100])
        }
    }

    @Test func `a change of traffic takes the place of an earlier one, and of nothing else`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            try await client.prepare()
            let upstream = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#
            let green = try await client.send(.put, "\(Self.endpoint)/deployments/green", upstream)
            let first = try await Self.change(client, #"{"traffic":{"blue":100}}"#)
            let second = try await Self.change(client, #"{"traffic":{"blue":0,"green":100}}"#)
            let replaced = try await client.get(OperationResource.self, first)
            #expect(replaced.status == "Failed" && replaced.error?.code == "Superseded")
            #expect(try await client.get(OperationResource.self, second).status == "Updating")
            let own = try #require(green.headers[Self.location])
            #expect(try await client.get(OperationResource.self, own).status == "Creating")
        }
    }

    @Test func `a default version is waited for when a change names it, a mirror never`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, operations) = (fixture.readiness, fixture.controlPlane.operations)
        try await fixture.withClient { client in
            try await client.prepare()
            readiness.set("demo/chat/blue", ready: 1)
            await operations.advance()
            for version in ["1", "2"] {
                let body = #"{"model":"azureml:m:\#(version)","upstream":{"urls":["http://127.0.0.1:900\#(version)"]}}"#
                let answer = try await client.send(.put, "\(Self.endpoint)/deployments/green-\(version)", body)
                #expect(answer.status == 201, "\(answer.text)")
            }
            let mirror = try await Self.change(client, #"{"traffic":{"blue":100},"mirrorTraffic":{"green-1":10}}"#)
            #expect(try await client.get(OperationResource.self, mirror).status == "Succeeded")
            let whole = #"""
                {"traffic":{"blue":100},"mirrorTraffic":{"green-1":10},"versions":{"query":"v","default":"2"}}
                """#
            let standard = try await Self.change(client, whole, "")
            #expect(try await client.get(OperationResource.self, standard).status == "Updating")
            readiness.set("demo/chat/green-2", ready: 1)
            await operations.advance()
            #expect(try await client.get(OperationResource.self, standard).status == "Succeeded")
            let back = try await Self.change(client, #"{"defaultVersion":"1"}"#)
            #expect(try await client.get(OperationResource.self, back).status == "Updating")
        }
    }

    @Test(arguments: [
        (#"{"traffic":{"blue":90}}"#, 400), (#"{"traffic":{"nobody":100}}"#, 400),
        (#"{"traffic":{"blue":100},"mirrorTraffic":{"blue":1}}"#, 400), (#"{"defaultVersion":"1"}"#, 400),
        (#"{"mirrors":[]}"#, 400), (#"{"weights":{}}"#, 400), (#"{"traffic":{"blue":"a"}}"#, 400),
    ])
    func `traffic that cannot be is refused`(body: String, status: Int) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, "\(Self.endpoint)/traffic", body).status == status)
        }
    }

    @Test func `an endpoint that is not there has no traffic`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.get, "/api/v1/tenants/demo/endpoints/none/traffic").status == 404)
            #expect(try await client.send(.put, "/api/v1/tenants/demo/endpoints/none/traffic", "{}").status == 404)
        }
    }

    @Test func `canaries, stickiness, versions and the upstream's changes come back as they were put`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let routing = """
                "canary":[{"deployment":"blue","header":"x-canary","value":"yes"},{"deployment":"blue","callers":5}],
                "sticky":{"by":"header","name":"x-user"},"versions":{"query":"v"}
                """
            #expect(try await client.send(.put, Self.endpoint, "{\(routing)}").status == 200)
            let shown = try await client.get(EndpointResource.self, Self.endpoint)
            #expect(shown.canary.map(\.callers) == [nil, 5] && shown.canary.map(\.header) == ["x-canary", nil])
            #expect(shown.sticky == StickyResource(by: "header", name: "x-user"))
            #expect(shown.versions == VersionsResource(query: "v"))
            #expect(try await client.put(Self.endpoint, shown) == shown)

            let deployment = """
                {"egressPublicNetworkAccess":"disabled","upstream":{"urls":["http://127.0.0.1:9000"],
                "path":{"addPrefix":"/api"},"removeHeaders":["cookie"]}}
                """
            let uri = "\(Self.endpoint)/deployments/blue"
            #expect(try await client.send(.put, uri, deployment).status == 200)
            let blue = try await client.get(DeploymentResource.self, uri)
            #expect(blue.egressPublicNetworkAccess == "disabled" && blue.upstream?.removeHeaders == ["cookie"])
            #expect(blue.upstream?.path == PathResource(addPrefix: "/api"))
            let settings = blue.effective?.map(\.setting) ?? []
            #expect(settings.contains("path add_prefix") && settings.contains("egress_public_network_access"))
        }
    }

    @Test(arguments: [
        #"{"canary":[{"deployment":"blue"}]}"#, #"{"canary":[{"deployment":"blue","callers":1,"value":"x"}]}"#,
        #"{"canary":[{"deployment":"blue","callers":1,"header":"x"}]}"#, #"{"sticky":{"by":"mood"}}"#,
        #"{"sticky":{"by":"cookie"}}"#, #"{"sticky":{"by":"key","name":"x"}}"#, #"{"versions":{}}"#,
    ])
    func `routing that says too little or too much is refused`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, Self.endpoint, body).status == 400)
        }
    }
}
