import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct ResourceRoutesTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"
    private static let upstream = #"{"upstream":{"urls":["http://127.0.0.1:9000"],"headers":{"x-a":"1"}}}"#

    private static func prepare(_ client: AdminTestClient) async throws {
        _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
        _ = try await client.send(.put, endpoint, "{}")
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ answer: TestAnswer) throws -> Value {
        try JSONDecoder().decode(type, from: Data(answer.text.utf8))
    }

    @Test func `a tenant is created once, listed, shown and deleted`() async throws {
        try await AdminFixture().withClient { client in
            #expect(try await client.send(.put, "/api/v1/tenants/demo", "{}").status == 201)
            #expect(try await client.send(.put, "/api/v1/tenants/demo", #"{"name":"demo"}"#).status == 200)
            let list = try Self.decode(ResourceList<TenantResource>.self, await client.send(.get, "/api/v1/tenants"))
            #expect(list.value == [TenantResource(name: "demo", suspended: false)])
            #expect(try await client.send(.get, "/api/v1/tenants/demo").status == 200)
            #expect(try await client.send(.delete, "/api/v1/tenants/demo").status == 204)
            #expect(try await client.send(.delete, "/api/v1/tenants/demo").status == 404)
            #expect(try await client.send(.get, "/api/v1/tenants/demo").status == 404)
        }
    }

    @Test func `an endpoint is put whole and shows where to call`() async throws {
        try await AdminFixture().withClient { client in
            try await Self.prepare(client)
            let body = #"{"modelNames":["gpt-4.1"],"hosts":["Chat.example.org"]}"#
            #expect(try await client.send(.put, Self.endpoint, body).status == 200)
            let shown = try Self.decode(EndpointResource.self, await client.send(.get, Self.endpoint))
            #expect(shown.modelNames == ["gpt-4.1"])
            #expect(shown.hosts == ["chat.example.org"])
            #expect(shown.scoringUri == "https://localhost:8443/demo/chat/score")
            #expect(try await client.send(.put, Self.endpoint, #"{"scoringUri":"x"}"#).status == 200)
            let empty = try Self.decode(EndpointResource.self, await client.send(.get, Self.endpoint))
            #expect(empty.modelNames == [])
        }
    }

    @Test func `a deployment shows readiness and every effective value`() async throws {
        try await AdminFixture().withClient { client in
            try await Self.prepare(client)
            for (name, isReady) in [("blue", false), ("ready", true)] {
                let uri = "\(Self.endpoint)/deployments/\(name)"
                #expect(try await client.send(.put, uri, Self.upstream).status == 201)
                let shown = try Self.decode(DeploymentResource.self, await client.send(.get, uri))
                #expect(shown.isReady == isReady)
                #expect(shown.upstream == UpstreamResource(urls: ["http://127.0.0.1:9000"], headers: ["x-a": "1"]))
                let timeout = EffectiveValue(setting: "request_timeout_ms", value: "5000", source: "default")
                #expect(shown.effective?.first == timeout)
                #expect(try await client.send(.put, uri, Self.upstream).status == 200)
            }
            let list = try await client.send(.get, "\(Self.endpoint)/deployments")
            #expect(
                try Self.decode(ResourceList<DeploymentResource>.self, list).value.map(\.name) == ["blue", "ready"]
            )
            #expect(try await client.send(.delete, "\(Self.endpoint)/deployments/blue").status == 204)
        }
    }

    @Test func `a deployment shows its instances and has a log`() async throws {
        try await AdminFixture().withClient { client in
            try await Self.prepare(client)
            let uri = "\(Self.endpoint)/deployments/blue"
            #expect(try await client.send(.put, uri, Self.upstream).status == 201)
            let shown = try Self.decode(DeploymentResource.self, await client.send(.get, uri))
            #expect(shown.instances?.map(\.lastProbe) == ["readiness: GET /ready answered 503"])
            #expect(shown.instances?.map(\.url) == ["http://demo/chat/blue"])
            let log = try Self.decode(
                ResourceList<LogLineResource>.self,
                await client.send(.get, "\(uri)/logs?tail=3")
            )
            #expect(log.value.map(\.line) == ["demo/chat/blue 0", "demo/chat/blue 1", "demo/chat/blue 2"])
            for tail in ["0", "1001", "x", "-1"] {
                #expect(try await client.send(.get, "\(uri)/logs?tail=\(tail)").status == 400)
            }
            // It is of an upstream, whose instances have no numbers.
            #expect(try await client.send(.get, "\(uri)/logs?instance=0").status == 400)
            #expect(try await client.send(.get, "\(Self.endpoint)/deployments/none/logs").status == 404)
        }
    }

    @Test func `settings, probes and a fallback come back as they were put`() async throws {
        try await AdminFixture().withClient { client in
            try await Self.prepare(client)
            for name in ["blue", "green"] {
                var deployment = DeploymentResource(tenant: "demo", endpoint: "chat", name: name)
                deployment.upstream = UpstreamResource(
                    urls: ["http://127.0.0.1:9000"],
                    probe: ProbePathsResource(liveness: "/health")
                )
                deployment.requestSettings = RequestSettingsResource(
                    maxConcurrentRequestsPerInstance: 3,
                    maxQueueWaitMs: 0
                )
                deployment.livenessProbe = ProbeResource(failureThreshold: 2)
                let body = String(decoding: try JSONEncoder().encode(deployment), as: UTF8.self)
                let uri = "\(Self.endpoint)/deployments/\(name)"
                #expect(try await client.send(.put, uri, body).status == 201)
                let shown = try Self.decode(DeploymentResource.self, await client.send(.get, uri))
                #expect(shown.requestSettings == deployment.requestSettings)
                #expect(shown.upstream == deployment.upstream)
                #expect(shown.livenessProbe?.failureThreshold == 2 && shown.livenessProbe?.period == 10)
                #expect(shown.readinessProbe == nil)
                let own = shown.effective?.filter { $0.source == "deployment" }.map(\.setting) ?? []
                #expect(own.contains("max_concurrent_requests_per_instance") && own.contains("max_queue_wait_ms"))
                #expect(own.contains("liveness_probe.failure_threshold") && !own.contains("liveness_probe.period"))
            }
            let fallback = #"{"fallback":{"to":["green"],"statuses":[503]}}"#
            #expect(try await client.send(.put, Self.endpoint, fallback).status == 200)
            let shown = try Self.decode(EndpointResource.self, await client.send(.get, Self.endpoint))
            #expect(shown.fallback == FallbackResource(to: ["green"], statuses: [503]))
            let unknown = #"{"fallback":{"to":["red"]}}"#
            #expect(try await client.send(.put, Self.endpoint, unknown).status == 400)
            // A deployment that others fall back to cannot go.
            #expect(try await client.send(.delete, "\(Self.endpoint)/deployments/green").status == 400)
        }
    }

    @Test func `keys are a pair, and regenerating one keeps the other`() async throws {
        try await AdminFixture().withClient { client in
            try await Self.prepare(client)
            let keys = "\(Self.endpoint)/keys"
            let before = try Self.decode(KeyPairResource.self, await client.send(.get, keys))
            let asked = try await client.send(.post, "\(keys)/regenerate", #"{"slot":"primary"}"#)
            let after = try Self.decode(KeyPairResource.self, asked)
            #expect(after.primaryKey != before.primaryKey)
            #expect(after.secondaryKey == before.secondaryKey)
            #expect(try await client.send(.get, keys).headers[.cacheControl] == "no-store")
            #expect(try await client.send(.post, "\(keys)/regenerate", #"{"slot":"third"}"#).status == 400)
            #expect(try await client.send(.get, "/api/v1/tenants/demo/endpoints/nope/keys").status == 404)
        }
    }

    @Test func `a model is registered when its file is there`() async throws {
        let fixture = try await AdminFixture()
        let file = fixture.folder.appendingPathComponent("m.gguf")
        try Data("GGUF".utf8).write(to: file)
        let sha256 = String(repeating: "ab", count: 32)
        try await fixture.withClient { client in
            try await Self.prepare(client)
            let models = "/api/v1/tenants/demo/models"
            let body = #"{"name":"m","path":"\#(file.path)","sha256":"\#(sha256)","size":4}"#
            let first = try await client.send(.post, models, body)
            #expect(first.status == 201)
            #expect(try Self.decode(ModelResource.self, first).version == "1")
            #expect(try await client.send(.post, models, body).status == 200)
            #expect(try await client.send(.post, models, body.replacing("m.gguf", with: "n.gguf")).status == 400)
            #expect(try await client.send(.post, models, body.replacing(":4}", with: ":5}")).status == 400)
            let list = try Self.decode(ResourceList<ModelResource>.self, await client.send(.get, models))
            #expect(list.value.count == 1)
        }
    }

    @Test func `certificates are checked before they are stored`() async throws {
        let fixture = try await AdminFixture()
        let certificate = fixture.folder.appendingPathComponent("certs/server.pem").path
        let key = fixture.folder.appendingPathComponent("certs/server.key").path
        try await fixture.withClient { client in
            let uri = "/api/v1/certificates"
            let shown = try Self.decode(ResourceList<CertificateResource>.self, await client.send(.get, uri))
            #expect(shown.value.map(\.isDefault) == [true])
            #expect(shown.value.map { $0.daysLeft > 80 } == [true])
            let good = #"{"host":"a.example.org","certificate":"\#(certificate)","key":"\#(key)"}"#
            #expect(try await client.send(.post, uri, good).status == 201)
            let served = try Self.decode(ResourceList<CertificateResource>.self, await client.send(.get, uri))
            #expect(served.value.contains { $0.hosts == ["a.example.org"] })
            #expect(try await client.send(.post, uri, good.replacing("a.example", with: "b.example")).status == 400)
            #expect(try await client.send(.post, uri, good.replacing("server.key", with: "ca.key")).status == 400)
            #expect(try await client.send(.post, uri, good.replacing("server.pem", with: "none.pem")).status == 400)
            #expect(try await client.send(.delete, "\(uri)/a.example.org").status == 204)
            #expect(try await client.send(.delete, "\(uri)/a.example.org").status == 404)
        }
    }

    @Test func `apply makes what is missing, and a dry run makes nothing`() async throws {
        try await AdminFixture().withClient { client in
            let body = #"""
                {"endpoints":[{"tenant":"demo","name":"chat","traffic":{"blue":100}}],
                 "deployments":[{"tenant":"demo","endpoint":"chat","name":"blue","upstream":{"urls":["http://127.0.0.1:9000"]}}],
                 "dryRun":true}
                """#
            #expect(try await client.send(.post, "/api/v1/apply", body).status == 200)
            #expect(try await client.send(.get, Self.endpoint).status == 404)
            let answer = try await client.send(
                .post,
                "/api/v1/apply",
                body.replacing(#""dryRun":true"#, with: #""prune":true"#)
            )
            let result = try Self.decode(ApplyResult.self, answer)
            #expect(result.changes.contains { $0.action == "created" && $0.resource == "demo/chat" })
            #expect(try await client.send(.get, "\(Self.endpoint)/deployments/blue").status == 200)
        }
    }
}
