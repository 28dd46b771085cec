import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct AzureDeploymentTests {
    private static let ours = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"

    private static func register(_ client: AdminTestClient, _ kind: String, _ name: String, _ properties: String)
        async throws
    {
        let uri = "\(Azure.scope.id)/\(kind)/\(name)/versions/1\(Azure.version)"
        #expect(try await client.send(.put, uri, #"{"properties":{\#(properties)}}"#).status == 201)
    }

    private static func operation(_ answer: TestAnswer, _ client: AdminTestClient) async throws -> ARMValue {
        let name = try #require(HTTPField.Name("Azure-AsyncOperation"))
        let uri = try #require(answer.headers[name].flatMap { URL(string: $0)?.path })
        return try await client.azure(.get, uri)
    }

    @Test func `URLs in the environment variables serve it, and what was sent is shown`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let body = Azure.body(
                urls: "http://127.0.0.1:9000, http://127.0.0.1:9001",
                #"""
                "description":"d","instanceType":"Standard_X","appInsightsEnabled":true,
                "requestSettings":{"requestTimeout":"PT1M","maxConcurrentRequestsPerInstance":4,"maxQueueWait":"PT2S"},
                "readinessProbe":{"initialDelay":"PT20S","period":"PT5S","timeout":"PT10S","successThreshold":1},
                "dataCollector":{"collections":{"request":{"dataCollectionMode":"enabled"}}}
                """#
            )
            let answer = try await client.send(.put, Azure.deployment("blue"), body)
            #expect(answer.status == 201)
            let warning = answer.headers[try #require(HTTPField.Name("x-gatehouse-warning"))]
            #expect(warning?.contains("instance_type") == true && warning?.contains("data_collector") == false)
            let stored = try await client.get(DeploymentResource.self, Self.ours)
            #expect(stored.upstream?.urls == ["http://127.0.0.1:9000", "http://127.0.0.1:9001"])
            #expect(stored.requestSettings.requestTimeoutMs == 60_000)
            #expect(stored.requestSettings.maxConcurrentRequestsPerInstance == 4)
            let shown = try await client.azure(.get, Azure.deployment("blue"))
            let inner = try #require(shown["properties"])
            #expect(shown["sku"] == ["name": "Default", "capacity": 1] && shown["tags"] == ["n": "7"])
            #expect(inner["requestSettings"]?["requestTimeout"] == "PT1M")
            #expect(inner["requestSettings"]?["maxConcurrentRequestsPerInstance"] == 4)
            #expect(inner["scaleSettings"] == ["scaleType": "Default"] && inner["endpointComputeType"] == "Managed")
            #expect(inner["readinessProbe"]?["period"] == "PT5S" && inner["environmentVariables"]?["A"] == "1")
            #expect(inner["dataCollector"]?["collections"]?["request"]?["dataCollectionMode"] == "Enabled")
        }
    }

    /// What the SDK sends of a `DataCollector`.
    private static func collector(_ collections: String, _ rest: String = "") -> String {
        Azure.body(urls: "http://127.0.0.1:9000", #""dataCollector":{"collections":{\#(collections)}\#(rest)}"#)
    }

    @Test func `a data collector becomes the deployment's capture rule, and is shown as it was set`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let body = Self.collector(
                #"""
                "model_inputs":{"dataCollectionMode":"enabled","samplingRate":0.5,"clientId":"c","dataId":"d"},
                "model_outputs":{"dataCollectionMode":"enabled","samplingRate":0.25},
                "request":{"dataCollectionMode":"disabled"},
                "audit":{"dataCollectionMode":"enabled"}
                """#,
                #","rollingRate":"minute","requestLogging":{"captureHeaders":["X-Trace"]}"#
            )
            let answer = try await client.send(.put, Azure.deployment("blue"), body)
            #expect(answer.status == 201, "\(answer.text)")
            let warning = answer.headers[try #require(HTTPField.Name("x-gatehouse-warning"))]
            #expect(warning?.contains("data_collector (audit)") == true)
            let rule = try #require(try await client.get(DeploymentResource.self, Self.ours).capture)
            #expect(rule.collections.map(\.name) == ["model_inputs", "model_outputs"])
            #expect(rule.samplingRate == 0.5 && rule.parts == ["request", "response"] && rule.rollingRate == "minute")
            #expect(rule.headers == ["content-type", "x-trace"])
            let shown = try await client.azure(.get, Azure.deployment("blue"))["properties"]?["dataCollector"]
            let collections = try #require(shown?["collections"])
            #expect(collections["model_inputs"]?["dataCollectionMode"] == "Enabled")
            #expect(collections["model_inputs"]?["clientId"] == "c" && collections["model_inputs"]?["dataId"] == "d")
            #expect(collections["model_outputs"]?["samplingRate"] == .number(0.25))
            #expect(collections["request"]?["dataCollectionMode"] == "Disabled")
            #expect(shown?["rollingRate"] == "minute")
            #expect(shown?["requestLogging"]?["captureHeaders"] == [.string("X-Trace")])
            // Left out it is off.
            let plain = Azure.body(urls: "http://127.0.0.1:9000", #""description":"d""#)
            #expect(try await client.send(.put, Azure.deployment("blue"), plain).status == 200)
            #expect(try await client.get(DeploymentResource.self, Self.ours).capture == nil)
            #expect(try await client.azure(.get, Azure.deployment("blue"))["properties"]?["dataCollector"] == nil)
        }
    }

    @Test func `a data collector stands beside no rule of ours, which outlives what Azure's clients put`() async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let ours = #"{"upstream":{"urls":["http://127.0.0.1:9000"]},"capture":{"samplingRate":0.1}}"#
            #expect(try await client.send(.put, Self.ours, ours).status == 201)
            let collector = Self.collector(#""request":{"dataCollectionMode":"enabled"}"#)
            let answer = try await client.send(.put, Azure.deployment("blue"), collector)
            #expect(answer.status == 400 && answer.text.contains("gatehouse.capture"), "\(answer.text)")
            let plain = Azure.body(urls: "http://127.0.0.1:9000", #""description":"d""#)
            #expect(try await client.send(.put, Azure.deployment("blue"), plain).status == 200)
            #expect(try await client.get(DeploymentResource.self, Self.ours).capture?.samplingRate == 0.1)
        }
    }

    @Test func `a rule of a document with collections is shown to Azure's clients`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let ours = #"""
                {"upstream":{"urls":["http://127.0.0.1:9000"]},"capture":{"rollingRate":"day",
                "collections":[{"name":"request","samplingRate":1}],"headers":["content-type","x-a"]}}
                """#
            #expect(try await client.send(.put, Self.ours, ours).status == 201)
            #expect(try await client.get(DeploymentResource.self, Self.ours).capture?.parts == ["request"])
            let shown = try await client.azure(.get, Azure.deployment("blue"))["properties"]?["dataCollector"]
            #expect(shown?["collections"]?["request"]?["dataCollectionMode"] == "Enabled")
            #expect(shown?["rollingRate"] == "Day" && shown?["requestLogging"]?["captureHeaders"] == ["x-a"])
            let strange = ours.replacing("request", with: "audit")
            let answer = try await client.send(.put, Self.ours, strange)
            #expect(answer.status == 400 && answer.text.contains("is not one of request, response"), "\(answer.text)")
        }
    }

    @Test func `the table of the configuration serves what carries no URL`() async throws {
        let fixture = try await AdminFixture(runtimes: [
            RuntimeTable.Entry(model: "*-inline", serving: Azure.upstream),
            RuntimeTable.Entry(image: "img:*", serving: .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:9002"]))),
        ])
        try await fixture.withClient { client in
            try await client.prepareAzure()
            try await Self.register(client, "environments", "env", #""image":"img:1""#)
            try await Self.register(client, "models", "m-inline", #""modelUri":"s3://somewhere/m""#)
            let environment = #""environmentId":"\#(Azure.scope.id)/environments/env/versions/1""#
            let model = #""model":"\#(Azure.scope.id)/models/m-inline/versions/1""#
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil, environment))
            #expect(
                try await client.get(DeploymentResource.self, Self.ours).upstream?.urls == ["http://127.0.0.1:9002"]
            )
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil, "\(environment),\(model)"))
            let changed = try await client.get(DeploymentResource.self, Self.ours)
            #expect(changed.upstream?.urls == ["http://127.0.0.1:9001"] && changed.model == "azureml:m-inline:1")
        }
    }

    @Test func `a GGUF file that was uploaded is registered and run by the pool`() async throws {
        let fixture = try await AdminFixture()
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let blob = "/store.blob.local/demo/LocalUpload/h/m.gguf"
            #expect(try await client.raw(.put, blob, FakeModelFile.text()).status == 201)
            let uri =
                "azureml://subscriptions/s/resourcegroups/g/workspaces/demo/datastores/workspaceblobstore/paths/LocalUpload/h"
            try await Self.register(client, "models", "small", #""modelUri":"\#(uri)/m.gguf""#)
            try await Self.register(client, "models", "folder", #""modelUri":"\#(uri)""#)
            for (name, model) in [("one", "small"), ("two", "folder")] {
                let body = Azure.body(urls: nil, #""model":"azureml:\#(model):1""#)
                let answer = try await client.send(.put, Azure.deployment(name), body)
                #expect(answer.status == 201)
                let made = try await client.get(
                    DeploymentResource.self,
                    "/api/v1/tenants/demo/endpoints/chat/deployments/\(name)"
                )
                #expect(made.native != nil && made.model == "azureml:\(model):1")
            }
            let models = try await client.get(ResourceList<ModelResource>.self, "/api/v1/tenants/demo/models").value
            #expect(
                Set(models.map(\.name)) == ["small", "folder"]
                    && Set(models.map(\.size)) == [Int64(FakeModelFile.text().utf8.count)]
            )
        }
    }

    private static func upstream(_ name: String, in store: Store) throws -> UpstreamDefinition? {
        guard case .upstream(let upstream) = try store.deployment("demo", "chat", name).serving else { return nil }
        return upstream
    }

    @Test func `the scoring route of its environment is where score leads`() async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let routes = #""readinessRoute":{"path":"/ready"},"scoringRoute":{"path":"/v1/models/half:predict"}"#
            try await Self.register(client, "environments", "env", #""image":"i","inferenceConfig":{\#(routes)}"#)
            let body = Azure.body(#""environmentId":"azureml:env:1""#)
            #expect(try await client.send(.put, Azure.deployment("blue"), body).status == 201)
            let upstream = try #require(try Self.upstream("blue", in: store))
            #expect(upstream.path == PathRewrite(stripPrefix: "/score", addPrefix: "/v1/models/half:predict"))
            #expect(upstream.probe == ProbePaths(readiness: "/ready"))
            // What a document said of paths is not taken back.
            let ours = #"{"upstream":{"urls":["http://127.0.0.1:9000"],"path":{"addPrefix":"/api"}}}"#
            #expect(try await client.send(.put, Self.ours.replacing("blue", with: "green"), ours).status == 201)
            let plain = Azure.body(urls: nil, #""environmentId":"azureml:env:1""#)
            #expect(try await client.send(.put, Azure.deployment("green"), plain).status == 200)
            #expect(try Self.upstream("green", in: store)?.path == PathRewrite(addPrefix: "/api"))
        }
    }

    @Test func `of what a worker of the pool has no use for, its deployment says so`() async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let blob = "/store.blob.local/demo/LocalUpload/h/m.gguf"
            #expect(try await client.raw(.put, blob, FakeModelFile.text()).status == 201)
            let uri =
                "azureml://subscriptions/s/resourcegroups/g/workspaces/demo/datastores/workspaceblobstore/paths/LocalUpload/h"
            try await Self.register(client, "models", "small", #""modelUri":"\#(uri)/m.gguf""#)
            let routes = #""inferenceConfig":{"scoringRoute":{"path":"/predict"}}"#
            try await Self.register(client, "environments", "env", #""image":"i",\#(routes)"#)
            let members =
                #""model":"azureml:small:1","environmentId":"azureml:env:1","readinessProbe":{"period":"PT3S","failureThreshold":5}"#
            let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil, members))
            let warning = answer.headers[try #require(HTTPField.Name("x-gatehouse-warning"))]
            #expect(answer.status == 201 && warning?.contains("inference_config") == true)
            #expect(warning?.contains("success_threshold have no meaning") == true)
            let shown = try await client.get(DeploymentResource.self, Self.ours)
            let limit = EffectiveValue(setting: "time to become ready", value: "25 s", source: "deployment")
            #expect(shown.effective?.contains(limit) == true)
            #expect(shown.effective?.contains { $0.setting.hasPrefix("readiness_probe") } == false)
            var definition = try store.deployment("demo", "chat", "blue")
            #expect(OperationPlan(putting: definition, isNew: true).targets.map(\.deadline) == [25_000])
            definition.readiness = nil
            #expect(OperationPlan(putting: definition, isNew: true).targets.map(\.deadline) == [600_000])
        }
    }

    @Test func `what nothing serves is kept as Failed with the three ways, and can be deleted`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil))
            #expect(answer.status == 201)
            let operation = try await Self.operation(answer, client)
            #expect(operation["status"] == "Failed")
            #expect(operation["error"]?["message"]?.text?.contains("GATEHOUSE_UPSTREAM_URLS") == true)
            let shown = try await client.azure(.get, Azure.deployment("blue"))
            #expect(shown["properties"]?["provisioningState"] == "Failed" && shown["tags"] == ["n": 7])
            let list = try await client.azure(.get, "\(Azure.endpoint)/deployments")
            #expect(list["value"]?.list?.count == 1)
            let ours = try await client.get(DeploymentResource.self, Self.ours)
            #expect(ours.provisioningState == "Failed" && ours.failure == operation["error"]?["message"]?.text)
            #expect(try await client.send(.delete, Azure.deployment("blue")).status == 200)
            #expect(try await client.send(.delete, Azure.deployment("blue")).status == 204)
        }
    }

    @Test func `an update that nothing serves leaves what serves as it was`() async throws {
        let fixture = try await AdminFixture()
        fixture.readiness.set("demo/chat/blue", ready: 1)
        try await fixture.withClient { client in
            try await client.prepareAzure()
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body())
            let before = try await client.get(DeploymentResource.self, Self.ours)
            let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil))
            #expect(try await Self.operation(answer, client)["status"] == "Failed")
            #expect(try await client.get(DeploymentResource.self, Self.ours).upstream == before.upstream)
            let shown = try await client.azure(.get, Azure.deployment("blue"))
            #expect(shown["properties"]?["provisioningState"] == "Failed")
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body())
            let mended = try await client.azure(.get, Azure.deployment("blue"))
            #expect(mended["properties"]?["provisioningState"] == "Succeeded")
        }
    }

    @Test func `a deployment of a document is changed in Azure's way and keeps what serves it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let ours =
                #"{"upstream":{"urls":["http://127.0.0.1:9000"],"headers":{"x-a":"1"}},"price":{"perRequest":1}}"#
            _ = try await client.send(.put, Self.ours, ours)
            let shown = try await client.send(.get, Azure.deployment("BLUE")).text
            #expect(try await client.send(.put, Azure.deployment("BLUE"), shown).status == 200)
            let kept = try await client.get(DeploymentResource.self, Self.ours)
            #expect(kept.upstream?.headers == ["x-a": "1"] && kept.price != nil)
        }
    }

    @Test func `references to what is not registered are refused with their names`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for member in [
                #""model":"azureml:nobody:1""#, #""environmentId":"\#(Azure.scope.id)/environments/nobody/versions/1""#,
                #""codeConfiguration":{"codeId":"\#(Azure.scope.id)/codes/nobody/versions/1"}"#,
            ] {
                let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(member))
                #expect(answer.status == 400 && answer.text.contains("nobody:1"), "\(member)")
            }
            #expect(try await client.send(.get, Azure.deployment("blue")).status == 404)
        }
    }

    @Test(
        arguments: [
            #""requestSettings":{"requestTimeout":"5 seconds"}"#, #""livenessProbe":{"period":"x"}"#,
            #""readinessProbe":{"failureThreshold":-1}"#, #""scaleSettings":{"scaleType":"TargetUtilization"}"#,
            #""model":"what?""#, #""egressPublicNetworkAccess":"maybe""#, #""endpointComputeType":"Kubernetes""#,
            #""environmentVariables":{"a":{}}"#,
            #""dataCollector":{"collections":{"request":{"dataCollectionMode":"maybe"}}}"#,
            #""dataCollector":{"collections":{"request":{"dataCollectionMode":"enabled","samplingRate":2}}}"#,
            #""dataCollector":{"collections":{},"rollingRate":"week"}"#,
            #""dataCollector":{"collections":{},"requestLogging":{"captureHeaders":"x"}}"#,
        ]
    )
    func `a setting that cannot be read is refused`(member: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let body = #"{"properties":{\#(member)}}"#
            #expect(try await client.send(.put, Azure.deployment("blue"), body).status == 400)
        }
    }

    @Test(arguments: ["http://169.254.169.254", "ftp://x", "http://user@host", "http://2130706433"])
    func `URLs of a client are judged as all are`(url: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: url)).status == 400)
        }
    }

    @Test func `closed egress lets in private addresses only`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let closed = #""egressPublicNetworkAccess":"disabled""#
            for (url, status) in [("http://127.0.0.1:9000", 201), ("https://93.184.216.34", 400)] {
                let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: url, closed))
                #expect(answer.status == status, "\(url)")
            }
            let shown = try await client.azure(.get, Azure.deployment("blue"))
            #expect(shown["properties"]?["egressPublicNetworkAccess"] == "Disabled")
        }
    }

    @Test func `a deployment with traffic is not deleted, and logs are text`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body())
            let split = #"{"properties":{"authMode":"Key","traffic":{"blue":100}}}"#
            _ = try await client.send(.put, Azure.endpoint + Azure.version, split)
            #expect(try await client.send(.delete, Azure.deployment("blue")).status == 400)
            let uri = "\(Azure.endpoint)/deployments/blue/getLogs\(Azure.version)"
            let line = "2026-12-31T18:00:00Z demo/chat/blue"
            #expect(
                try await client.azure(.post, uri, #"{"tail":2}"#) == ["content": .string("\(line) 0\n\(line) 1\n")]
            )
            #expect(try await client.azure(.post, uri, #"{"containerType":"StorageInitializer"}"#) == ["content": ""])
            #expect(try await client.send(.post, uri.replacing("blue", with: "none"), "{}").status == 404)
        }
    }
}
