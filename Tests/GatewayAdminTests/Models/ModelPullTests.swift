import Crypto
import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct ModelPullTests {
    private static let models = "/api/v1/tenants/demo/models"
    private static let pulls = "/api/v1/tenants/demo/pulls"

    /// Writes what the source's name says, and tells its progress.
    private static let fetch: ModelFetch = { order, watch in
        guard case .web(let url) = order.source else { throw ModelPullProblem(.notFound, "there is no such thing") }
        if url.contains("lost") { throw ModelPullProblem(.notFound, "nothing is at \(order.source.shown)") }
        if url.contains("endless") {
            try Data("part".utf8).write(to: URL(fileURLWithPath: order.partial))
            try await Task.sleep(for: .seconds(3600))
        }
        let text = url.contains("page") ? "<html>no model</html>" : FakeModelFile.text(url)
        let data = Data(text.utf8)
        if url.contains("told") { try watch.expect(FileDigest.text(of: SHA256.hash(data: data)), Int64(data.count)) }
        try await watch.makeRoom(Int64(data.count), nil)
        try await watch.progress(OperationProgress(received: 1, total: Int64(data.count), bytesPerSecond: 1))
        try data.write(to: URL(fileURLWithPath: order.partial))
        let digest = FileDigest.text(of: SHA256.hash(data: data))
        return FetchedModel(sha256: digest, size: Int64(data.count), source: order.source)
    }

    private func withPulls(
        _ body: @escaping @Sendable (_ folder: URL, AdminTestClient) async throws -> Void
    ) async throws {
        let fixture = try await AdminFixture(fetch: Self.fetch)
        let (pulls, folder) = (fixture.controlPlane.pulls, fixture.folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pulls.run() }
            try await fixture.withClient { client in
                _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
                try await body(folder, client)
            }
            group.cancelAll()
        }
    }

    private static func pull(_ client: AdminTestClient, _ source: String) async throws -> OperationResource {
        let answer = try await client.send(.post, pulls, #"{"source":"\#(source)"}"#)
        #expect(answer.status == 202, "\(answer.text)")
        var operation = try answer.decode(OperationResource.self)
        #expect(answer.headers[.operationLocation] == "/api/v1/operations/\(operation.id)")
        while !operation.isOver {
            operation = try await client.get(OperationResource.self, "/api/v1/operations/\(operation.id)")
            await Task.yield()
        }
        return operation
    }

    @Test func `a model that was pulled is registered, shown with its header, verified and removed with its file`()
        async throws
    {
        try await withPulls { _, client in
            let operation = try await Self.pull(client, "https://models.example.com/Small.gguf?token=canary")
            #expect(operation.status == "Succeeded" && operation.resource == "demo/Small@latest")
            let model = try await client.get(ModelResource.self, Self.models + "/Small/versions/latest")
            #expect(model.version == "1" && model.format == "gguf" && model.refusal == nil && model.lastUsedAt != nil)
            #expect(model.source == "https://models.example.com/Small.gguf" && model.header?.architecture == "llama")
            let list = try await client.get(ResourceList<ModelResource>.self, Self.models).value
            #expect(list.map(\.name) == ["Small"] && list.first?.format == "gguf")
            let url = Self.models + "/Small/versions/1"
            let good = try await client.send(.post, url + "/verify", "{}").decode(ModelVerificationResource.self)
            #expect(good.isGood && good.found == model.sha256)
            try Data("other".utf8).write(to: URL(fileURLWithPath: model.path))
            let bad = try await client.send(.post, url + "/verify", "{}").decode(ModelVerificationResource.self)
            #expect(!bad.isGood && bad.problem?.contains("not the file that was registered") == true)
            #expect(try await client.send(.delete, url).status == 204)
            #expect(!FileManager.default.fileExists(atPath: model.path))
            #expect(try await client.send(.get, url).status == 404)
        }
    }

    private static func begin(_ client: AdminTestClient, _ file: String) async throws -> OperationResource {
        let source = "https://models.example.com/\(file)"
        return try await client.send(.post, pulls, #"{"source":"\#(source)"}"#).decode(OperationResource.self)
    }

    private static func end(_ client: AdminTestClient, _ id: String) async throws -> OperationResource {
        while true {
            let operation = try await client.get(OperationResource.self, "/api/v1/operations/\(id)")
            if operation.isOver { return operation }
            await Task.yield()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a pull is cancelled, its part stays, and the one that waited for its turn begins`() async throws {
        try await withPulls { folder, client in
            let first = try await Self.begin(client, "endless-1.gguf")
            let partial = folder.appendingPathComponent("models/demo/pulled/partial").path
            while (try? FileManager.default.contentsOfDirectory(atPath: partial))?.isEmpty ?? true {
                await Task.yield()
            }
            let second = try await Self.begin(client, "endless-2.gguf")
            let third = try await Self.begin(client, "third.gguf")
            #expect(third.steps.contains { $0.text.contains("waits for its turn") }, "\(third.steps)")
            let fourth = try await Self.begin(client, "fourth.gguf")
            for operation in [fourth, first] {
                let url = "/api/v1/operations/\(operation.id)/cancel"
                #expect(try await client.send(.post, url).status == 202)
                let over = try await Self.end(client, operation.id)
                #expect(over.error?.code == "Cancelled" && over.error?.message.contains("operator.token") == true)
                // Again is no other.
                #expect(try await client.send(.post, url).status == 202)
            }
            #expect(try await Self.end(client, third.id).status == "Succeeded")
            #expect(try FileManager.default.contentsOfDirectory(atPath: partial).count == 2)
            let late = try await client.send(.post, "/api/v1/operations/\(third.id)/cancel")
            #expect(late.status == 409 && late.text.contains("over already"))
            #expect(try await client.send(.post, "/api/v1/operations/\(second.id)/cancel").status == 202)
            _ = try await Self.end(client, second.id)
        }
    }

    @Test func `what is no pull is not cancelled, and what is not there is not found`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let list = try await client.get(ResourceList<OperationResource>.self, "/api/v1/operations")
            let id = try #require(list.value.first?.id)
            let refused = try await client.send(.post, "/api/v1/operations/\(id)/cancel")
            #expect(refused.status == 409 && refused.text.contains("only a pull of a model"))
            #expect(try await client.send(.post, "/api/v1/operations/none/cancel").status == 404)
        }
    }

    @Test func `another content for a version that is there is refused before anything is fetched`() async throws {
        try await withPulls { folder, client in
            _ = try await Self.pull(client, "https://models.example.com/small.gguf")
            func ask(_ source: String, _ more: String = "") async throws -> TestAnswer {
                let body = #"{"source":"\#(source)","name":"small","version":"1"\#(more)}"#
                return try await client.send(.post, Self.pulls, body)
            }
            let other = String(repeating: "0", count: 64)
            let refused = try await ask("https://models.example.com/small.gguf", #","sha256":"\#(other)""#)
            #expect(refused.status == 409 && refused.text.contains("demo/small:1 is registered already"))
            let file = try await ask("file:/etc/hostname")
            #expect(file.status == 409)
            let begun = try await ask("https://models.example.com/told.gguf").decode(OperationResource.self)
            let over = try await Self.end(client, begun.id)
            #expect(over.error?.code == "Conflict" && over.error?.message.contains("say another version") == true)
            let partial = folder.appendingPathComponent("models/demo/pulled/partial").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: partial).isEmpty)
            let again = try await ask("https://models.example.com/small.gguf").decode(OperationResource.self)
            #expect(try await Self.end(client, again.id).status == "Succeeded")
        }
    }

    @Test func `the audit log has who pulled a model, and no query of its URL`() async throws {
        try await withPulls { _, client in
            _ = try await Self.pull(client, "https://models.example.com/small.gguf?token=canary")
            let log = try await client.send(.get, "/api/v1/audit").text
            #expect(log.contains("demo/small:1") && log.contains("POST \(Self.pulls)") && !log.contains("canary"))
        }
    }

    @Test func `the same content again is the same version`() async throws {
        try await withPulls { _, client in
            for _ in 0..<2 { _ = try await Self.pull(client, "https://models.example.com/small.gguf") }
            #expect(try await client.get(ResourceList<ModelResource>.self, Self.models).value.map(\.version) == ["1"])
        }
    }

    @Test(arguments: [("lost.gguf", "NotFound"), ("page.gguf", "InvalidRequest")])
    func `what is not there or no model fails with its reason and leaves nothing`(file: String, code: String)
        async throws
    {
        try await withPulls { folder, client in
            let operation = try await Self.pull(client, "https://models.example.com/\(file)")
            #expect(operation.status == "Failed" && operation.error?.code == code)
            #expect(try await client.get(ResourceList<ModelResource>.self, Self.models).value.isEmpty)
            let pulled = folder.appendingPathComponent("models/demo/pulled").path
            let left = try FileManager.default.contentsOfDirectory(atPath: pulled)
            #expect(left == ["partial"])
        }
    }

    @Test func `a model that a deployment uses is not removed, and the deployment is named`() async throws {
        try await withPulls { _, client in
            _ = try await Self.pull(client, "https://models.example.com/small.gguf")
            _ = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat", "{}")
            let deployment = "/api/v1/tenants/demo/endpoints/chat/deployments/ready"
            let body = #"{"model":"azureml:small@latest","native":{}}"#
            #expect(try await client.send(.put, deployment, body).status == 201)
            let refused = try await client.send(.delete, Self.models + "/small/versions/1")
            #expect(refused.status == 409 && refused.text.contains("demo/chat/ready"))
        }
    }

    @Test func `a native deployment is refused where the file of its model is no GGUF`() async throws {
        try await withPulls { folder, client in
            let file = folder.appendingPathComponent("m.onnx")
            try Data([8, 8, 0x12, 7, 112, 121, 116, 111, 114]).write(to: file)
            let model = #"{"name":"m","path":"\#(file.path)"}"#
            #expect(try await client.send(.post, Self.models, model).status == 201)
            let shown = try await client.get(ModelResource.self, Self.models + "/m/versions/1")
            #expect(shown.format == "onnx" && shown.refusal == "is ONNX, not GGUF" && shown.header == nil)
            _ = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat", "{}")
            let deployment = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
            let refused = try await client.send(.put, deployment, #"{"model":"azureml:m:1","native":{}}"#)
            #expect(refused.status == 400 && refused.text.contains("the file of m:1 is ONNX, not GGUF"))
        }
    }

    @Test(arguments: [
        "https://127.0.0.1/m.gguf", "https://169.254.169.254/m.gguf", "https://192.168.1.1/m.gguf",
        "https://localhost/m",
        "https://[::1]/m.gguf", "file:/etc/hostname",
    ])
    func `a tenant's own operator reaches neither private addresses nor files of the machine`(source: String)
        async throws
    {
        let fixture = try await AdminFixture()
        _ = try await fixture.controlPlane.store.putTenant(TenantDefinition(name: "demo"))
        let check = ModelPullCheck(store: fixture.controlPlane.store, isOwner: false)
        #expect(throws: APIError.self) { try check.pull(ModelPullRequest(source: source), "demo") }
    }

    @Test func `what the owner lists for a tenant its operators may pull from, and no metadata address`() async throws {
        let fixture = try await AdminFixture()
        let check = ModelPullCheck(store: fixture.controlPlane.store, isOwner: false)
        #expect(try check.pull(ModelPullRequest(source: "https://10.1.2.3/m.gguf"), "demo").name == "m")
        let owner = ModelPullCheck(store: fixture.controlPlane.store, isOwner: true)
        #expect(throws: APIError.self) { try owner.pull(ModelPullRequest(source: "https://169.254.169.254/m"), "demo") }
    }

    @Test func `work that an earlier process left fails as interrupted`() {
        var operation = ControlOperation(
            id: "1",
            resource: "demo/m@latest",
            tenants: ["demo"],
            startedAt: 1000,
            state: .creating,
            targets: [],
            isWork: true
        )
        let hasAdvanced = operation.advance(after: 10, { _ in nil })
        let wasCut = operation.isCut(at: 5000)
        let isCutAgain = operation.isCut(at: 6000)
        #expect(!hasAdvanced && wasCut && !isCutAgain)
        #expect(operation.failure?.code == "Interrupted" && operation.state == .failed)
    }
}
