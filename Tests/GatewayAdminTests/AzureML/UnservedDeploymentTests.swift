import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Deployments that an Azure client made and that nothing serves, as our own API has them.
@Suite struct UnservedDeploymentTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"
    private static let list = "\(endpoint)/deployments"
    private static let blue = "\(list)/blue"
    private static let good = #"{"upstream":{"urls":["http://127.0.0.1:9001"]}}"#

    /// The endpoint `chat` with `ash` and `green`, which are served, and `blue`, which nothing serves.
    private static func withBlue(
        _ body: @escaping @Sendable (AdminTestClient, Store, FakeReadiness) async throws -> Void
    ) async throws {
        let fixture = try await AdminFixture()
        let (store, readiness) = (fixture.controlPlane.store, fixture.readiness)
        try await fixture.withClient { client in
            try await client.prepareAzure()
            for name in ["ash", "green"] {
                #expect(try await client.send(.put, "\(list)/\(name)", good).status == 201)
            }
            let variables = #""environmentVariables":{"A":"canary-of-a-variable"},"description":"d""#
            let answer = try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil, variables))
            #expect(answer.status == 201)
            try await body(client, store, readiness)
        }
    }

    @Test func `one is in the list and shown, with its state and the three ways`() async throws {
        try await Self.withBlue { client, _, _ in
            let all = try await client.get(ResourceList<DeploymentResource>.self, Self.list).value
            #expect(all.map(\.name) == ["ash", "blue", "green"])
            let shown = try await client.get(DeploymentResource.self, Self.blue)
            #expect(all[1] == shown && all[0].failure == nil)
            #expect(shown.provisioningState == "Failed" && shown.isReady == false && shown.instances == [])
            #expect(shown.upstream == nil && shown.native == nil && shown.effective == nil)
            for way in ["GATEHOUSE_UPSTREAM_URLS", "runtimes:", "GGUF"] {
                #expect(shown.failure?.contains(way) == true)
            }
            #expect(shown.environmentVariables == ["A": "canary-of-a-variable"] && shown.description == "d")
            let page = try await client.get(ResourceList<DeploymentResource>.self, "\(Self.list)?limit=2")
            let next = try #require(page.nextLink)
            let rest = try await client.get(ResourceList<DeploymentResource>.self, next)
            #expect(page.value.map(\.name) == ["ash", "blue"] && rest.value.map(\.name) == ["green"])
            #expect(try await client.send(.get, "\(Self.blue)/logs").status == 200)
        }
    }

    @Test func `its variables are shown to those only who may set them`() async throws {
        try await Self.withBlue { client, _, _ in
            _ = try await client.send(.put, "/api/v1/operators/eve", #"{"role":"reviewer","tenant":"demo"}"#)
            let made = try await client.send(.post, "/api/v1/operators/eve/tokens", "{}")
            let token = try #require(try made.decode(OperatorTokenResource.self).token)
            for uri in [Self.list, Self.blue] {
                let seen = try await client.send(.get, uri, authorization: "Bearer \(token)")
                #expect(seen.status == 200 && seen.text.contains("GATEHOUSE_UPSTREAM_URLS"))
                #expect(seen.text.contains("(not shown)") && !seen.text.contains("canary-of-a-variable"))
            }
            #expect(try await client.send(.delete, Self.blue, authorization: "Bearer \(token)").status == 403)
        }
    }

    @Test func `it is deleted as any other, and the audit log says so`() async throws {
        try await Self.withBlue { client, store, _ in
            #expect(try await client.send(.put, "\(Self.blue)/secrets/early", #"{"value":"x"}"#).status == 201)
            let answer = try await client.send(.delete, Self.blue)
            #expect(answer.status == 204)
            let location = try #require(answer.headers[.operationLocation])
            #expect(try await client.get(OperationResource.self, location).status == "Succeeded")
            #expect(try await client.send(.get, Self.blue).status == 404)
            #expect(try await client.send(.get, Azure.deployment("blue")).status == 404)
            #expect(try await client.send(.delete, Self.blue).status == 404)
            let last = try await store.auditEntries(limit: 2)
            #expect(last.map(\.action) == [.deleted, .deleted])
            #expect(last.map(\.resource.path) == ["demo/chat/blue/secrets/early", "demo/chat/blue"])
            let all = try await client.get(ResourceList<DeploymentResource>.self, Self.list).value
            #expect(all.map(\.name) == ["ash", "green"])
        }
    }

    @Test(
        arguments: [
            ("/traffic", #"{"traffic":{"green":90,"blue":10}}"#, "traffic"),
            ("/traffic", #"{"mirrorTraffic":{"blue":10}}"#, "mirrorTraffic"),
            ("", #"{"traffic":{"blue":100}}"#, "traffic"), ("", #"{"fallback":{"to":["blue"]}}"#, "fallback.to"),
            ("", #"{"canary":[{"deployment":"blue","callers":10}]}"#, "canary"),
        ]
    )
    func `nothing leads to it, and the refusal has the reason`(path: String, body: String, member: String)
        async throws
    {
        try await Self.withBlue { client, _, _ in
            _ = try await client.send(.put, "\(Self.endpoint)/traffic", #"{"traffic":{"green":100}}"#)
            let answer = try await client.send(.put, Self.endpoint + path, body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.text.contains("\(member) names the deployment blue, which is Failed"), "\(answer.text)")
            #expect(answer.text.contains("GATEHOUSE_UPSTREAM_URLS"))
            #expect(try await client.get(TrafficResource.self, "\(Self.endpoint)/traffic").traffic == ["green": 100])
        }
    }

    @Test func `a good definition takes its place, in the dialect too`() async throws {
        try await Self.withBlue { client, _, readiness in
            readiness.set("demo/chat/blue", ready: 1)
            let answer = try await client.send(.put, Self.blue, Self.good)
            #expect(answer.status == 200, "\(answer.text)")
            let shown = try await client.get(DeploymentResource.self, Self.blue)
            #expect(shown.provisioningState == "Succeeded" && shown.failure == nil && shown.environmentVariables == [:])
            let all = try await client.get(ResourceList<DeploymentResource>.self, Self.list).value
            #expect(all.map(\.name) == ["ash", "blue", "green"])
            let theirs = try await client.azure(.get, Azure.deployment("blue"))
            #expect(theirs["properties"]?["provisioningState"] == "Succeeded")
            #expect(theirs["properties"]?["description"] == nil)
            let traffic = try await client.send(.put, "\(Self.endpoint)/traffic", #"{"traffic":{"blue":100}}"#)
            #expect(traffic.status == 200)
            // What our own API said of what serves it is not taken back, as for any that it made.
            #expect(try await client.send(.put, Azure.deployment("blue"), Azure.body(urls: nil)).status == 200)
            #expect(try await client.get(DeploymentResource.self, Self.blue).upstream == shown.upstream)
        }
    }

    @Test func `a bad definition leaves it as it was`() async throws {
        try await Self.withBlue { client, _, _ in
            let before = try await client.get(DeploymentResource.self, Self.blue)
            for body in ["{}", #"{"upstream":{"urls":["nowhere"]}}"#] {
                #expect(try await client.send(.put, Self.blue, body).status == 400)
            }
            #expect(try await client.get(DeploymentResource.self, Self.blue) == before)
        }
    }

    @Test func `what an update could not change is served on, shown as Failed, and mended by our API`() async throws {
        try await Self.withBlue { client, _, readiness in
            readiness.set("demo/chat/red", ready: 1)
            let red = "\(Self.list)/red"
            for urls in ["http://127.0.0.1:9000", nil] {
                _ = try await client.send(.put, Azure.deployment("red"), Azure.body(urls: urls))
            }
            let failed = try await client.get(DeploymentResource.self, red)
            #expect(failed.provisioningState == "Failed" && failed.failure?.contains("runtimes:") == true)
            #expect(failed.upstream?.urls == ["http://127.0.0.1:9000"])
            #expect(try await client.send(.put, red, Self.good).status == 200)
            #expect(try await client.get(DeploymentResource.self, red).provisioningState == "Succeeded")
            let theirs = try await client.azure(.get, Azure.deployment("red"))
            #expect(theirs["properties"]?["provisioningState"] == "Succeeded")
        }
    }
}
