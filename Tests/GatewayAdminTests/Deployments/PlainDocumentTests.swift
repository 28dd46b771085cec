import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Documents that `az ml online-deployment create` takes: nothing in them says outright what serves the deployment.
@Suite struct PlainDocumentTests {
    private static let red = "/api/v1/tenants/demo/endpoints/chat/deployments/red"
    private static let runtime = RuntimeTable.Entry(image: "img:*", serving: Azure.upstream)

    /// Applies the deployment `red` with these members.
    @discardableResult
    private func apply(
        _ client: AdminTestClient,
        _ members: String,
        authorization: String = "Bearer \(AdminFixture.token)"
    ) async throws -> TestAnswer {
        let red = #"{"tenant":"demo","endpoint":"chat","name":"red",\#(members)}"#
        let body = #"{"deployments":[\#(red)]}"#
        return try await client.send(.post, "/api/v1/apply", body, authorization: authorization)
    }

    private func deployer(_ client: AdminTestClient) async throws -> String {
        _ = try await client.send(.put, "/api/v1/operators/ada", #"{"role":"deployer","tenant":"demo"}"#)
        let made = try await client.send(.post, "/api/v1/operators/ada/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    /// A file that begins as models of the pool do.
    private func model(in fixture: AdminFixture, _ text: String = FakeModelFile.text()) throws -> String {
        let path = fixture.folder.appendingPathComponent("\(UUID().uuidString).gguf").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func `the URLs in its environment variables serve it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let variables =
                #""environmentVariables":{"GATEHOUSE_UPSTREAM_URLS":"http://127.0.0.1:1, http://127.0.0.1:2"}"#
            let answer = try await apply(client, variables)
            #expect(answer.status < 300, "\(answer.text)")
            let shown = try await client.get(DeploymentResource.self, Self.red)
            #expect(shown.upstream?.urls == ["http://127.0.0.1:1", "http://127.0.0.1:2"])
            #expect(try await client.send(.put, Self.red, "{\(variables)}").status == 200)
        }
    }

    @Test(arguments: ["azureml:env:1", "azureml:env@latest"])
    func `its registered environment finds the runtime and says where that is probed`(reference: String) async throws {
        let fixture = try await AdminFixture(runtimes: [Self.runtime])
        let store = fixture.controlPlane.store
        try await fixture.withClient { client in
            try await client.prepare()
            let routes =
                #""inferenceConfig":{"livenessRoute":{"path":"/live","port":5001},"readinessRoute":{"path":"/ready"},"scoringRoute":{"path":"/predict"}}"#
            let uri = "\(Azure.scope.id)/environments/env/versions/1\(Azure.version)"
            let registered = try await client.send(.put, uri, #"{"properties":{"image":"img:1",\#(routes)}}"#)
            #expect(registered.status < 300)
            // It is the owner's word, though the one who asks could not name this address.
            let token = try await deployer(client)
            let answer = try await apply(client, #""environment":{"reference":"\#(reference)"}"#, authorization: token)
            #expect(answer.status < 300, "\(answer.text)")
            let serving = try store.deployment("demo", "chat", "red").serving
            guard case .upstream(let upstream) = serving else { return #expect(Bool(false), "\(serving)") }
            #expect(upstream.urls == ["http://127.0.0.1:9001"] && upstream.tenantURLs.isEmpty)
            #expect(upstream.probe == ProbePaths(liveness: "/live", readiness: "/ready"))
            #expect(upstream.path == PathRewrite(stripPrefix: "/score", addPrefix: "/predict"))
            let bad = try await apply(client, #""environment":{"name":"x:1","image":"img:1","scoring":"a?b"}"#)
            #expect(bad.status == 400 && bad.text.contains("scoring_route"))
        }
    }

    @Test func `where it says itself what serves it, its environment only says where that is probed`() async throws {
        try await AdminFixture(runtimes: [Self.runtime]).withClient { client in
            try await client.prepare()
            let uri = "\(Azure.scope.id)/environments/env/versions/1\(Azure.version)"
            let routes = #""inferenceConfig":{"livenessRoute":{"path":"/live"}}"#
            _ = try await client.send(.put, uri, #"{"properties":{"image":"img:1",\#(routes)}}"#)
            let upstream = #""upstream":{"urls":["http://127.0.0.1:7"]}"#
            try await apply(client, #""environment":{"reference":"azureml:env:1"},\#(upstream)"#)
            let shown = try await client.get(DeploymentResource.self, Self.red)
            #expect(shown.upstream?.urls == ["http://127.0.0.1:7"] && shown.upstream?.probe?.liveness == "/live")
            // One that nobody has registered is kept from nothing.
            let answer = try await apply(client, #""environment":{"reference":"azureml:nobody:1"},\#(upstream)"#)
            #expect(answer.status < 300)
        }
    }

    @Test(arguments: [true, false])
    func `a model's file is registered, and the pool runs it`(isSaid: Bool) async throws {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        let (path, other) = (try model(in: fixture), try model(in: fixture, FakeModelFile.text("another")))
        try await fixture.withClient { client in
            try await client.prepare()
            let native = isSaid ? #","native":{"slots":2}"# : ""
            func source(_ path: String) -> String { #""modelSource":{"name":"small","path":"\#(path)"}\#(native)"# }
            let body = #"{"tenant":"demo","endpoint":"chat","name":"red",\#(source(path))}"#
            let rehearsed = try await client.send(.post, "/api/v1/apply", #"{"deployments":[\#(body)],"dryRun":true}"#)
            #expect(rehearsed.status < 300, "\(rehearsed.text)")
            #expect(try store.models(of: "demo").isEmpty)
            let answer = try await apply(client, source(path))
            #expect(answer.status < 300 && answer.text.contains("demo/small:1"), "\(answer.text)")
            #expect(try store.deployment("demo", "chat", "red").model?.text == "azureml:small:1")
            #expect(try await apply(client, source(path)).text.contains("unchanged"))
            #expect(try await apply(client, source(other)).status < 300)
            #expect(try store.models(of: "demo").map(\.label) == ["small:1", "small:2"])
            #expect(try store.models(of: "demo").map(\.path) == [path, other])
            try await apply(client, #""modelSource":{"path":"\#(path)"}\#(native)"#)
            let name = try #require(try store.deployment("demo", "chat", "red").model).name
            #expect(name.hasPrefix("sha256-") && name.count == 39)
        }
    }

    @Test func `a file that the gateway cannot read is told how to be registered`() async throws {
        let fixture = try await AdminFixture()
        let path = try model(in: fixture)
        let text = fixture.folder.appendingPathComponent("a.txt").path
        try Data("no model".utf8).write(to: URL(fileURLWithPath: text))
        try await fixture.withClient { client in
            try await client.prepare()
            for (path, native) in [("/nowhere/m.gguf", ""), (text, ""), ("/nowhere/m.gguf", #","native":{}"#)] {
                let answer = try await apply(client, #""modelSource":{"name":"small","path":"\#(path)"}\#(native)"#)
                #expect(answer.status == 400 && answer.text.contains("gatehouse models register demo/small"))
            }
            let token = try await deployer(client)
            let source = #""modelSource":{"name":"small","path":"\#(path)"}"#
            let answer = try await apply(client, source, authorization: token)
            #expect(answer.status == 400 && answer.text.contains("only an operator of the whole gateway"))
        }
    }

    @Test func `what nothing serves is refused, with the three ways`() async throws {
        try await AdminFixture(runtimes: [Self.runtime]).withClient { client in
            try await client.prepare()
            for members in [#""description":"none""#, #""model":"azureml:nobody:1""#] {
                let answer = try await apply(client, members)
                #expect(answer.status == 400)
                for word in ["GATEHOUSE_UPSTREAM_URLS", "runtimes:", "GGUF", "gatehouse:"] {
                    #expect(answer.text.contains(word), "\(answer.text)")
                }
            }
            #expect(try await client.send(.put, Self.red, "{}").status == 400)
            #expect(try await client.send(.get, Self.red).status == 404)
        }
    }
}
