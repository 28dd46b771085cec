import Foundation
import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct DocumentSetTests {
    private static let endpoint = "name: chat\ngatehouse: {tenant: demo}\n"
    private static let deployment =
        "name: blue\nendpoint_name: chat\ngatehouse: {upstream: {urls: [http://127.0.0.1:9000]}}\n"

    @Test func `a deployment takes the tenant of its endpoint in the same files`() throws {
        let set = try documents(Self.endpoint + "---\n" + Self.deployment)
        #expect(set.deployments.map(\.tenant) == ["demo"])
    }

    @Test func `a tenant in the document wins over the one given`() throws {
        let set = try documents(Self.endpoint + "---\n" + Self.deployment, tenant: "other")
        #expect(set.endpoints.map(\.tenant) == ["demo"])
        #expect(set.deployments.map(\.tenant) == ["demo"])
    }

    @Test func `a document without any tenant is refused`() {
        #expect(
            problems(in: Self.deployment, tenant: nil)
                == ["f.yaml:1: the document names no tenant; add gatehouse.tenant or give --tenant"]
        )
    }

    @Test func `the same resource twice is refused with both places`() {
        #expect(
            problems(in: Self.endpoint + "---\n" + Self.endpoint)
                == ["f.yaml:4: endpoint demo/chat is already in f.yaml:1; keep one"]
        )
    }

    @Test func `another kind of document is refused`() {
        let text = "$schema: https://azuremlschemas.azureedge.net/latest/model.schema.json\nname: m\n"
        #expect(
            problems(in: text).first?.hasPrefix("f.yaml:1: $schema: this kind of document is not read here") == true
        )
    }

    @Test func `a deployment that forgot its endpoint is told so`() {
        let text = "name: blue\ninstance_type: auto\ngatehouse: {upstream: {urls: ['http://a']}}"
        #expect(problems(in: text) == ["f.yaml:1: endpoint_name: is required"])
    }

    @Test func `a folder is read in the order of its files' names`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("documents-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.deployment.write(to: folder.appendingPathComponent("b.yml"), atomically: true, encoding: .utf8)
        try Self.endpoint.write(to: folder.appendingPathComponent("a.yaml"), atomically: true, encoding: .utf8)
        try "not read".write(to: folder.appendingPathComponent("notes.txt"), atomically: true, encoding: .utf8)
        let set = try DocumentSet.read(paths: [folder.path], tenant: nil)
        #expect(set.endpoints.count == 1)
        #expect(set.deployments.map(\.tenant) == ["demo"])
    }

    @Test func `a path that is not there is a problem`() {
        #expect(throws: DocumentProblems.self) { try DocumentSet.read(paths: ["/nowhere/at/all"], tenant: nil) }
    }

    @Test(arguments: [
        ("trafic", "traffic"), ("modelnames", "model_names"), ("ednpoint_name", "endpoint_name"),
    ])
    func `a slip of the fingers finds the name that was meant`(slip: String, name: String) {
        #expect(NearestName.of(slip, in: ["traffic", "model_names", "endpoint_name", "tags"]) == name)
    }

    @Test func `a name that is like none gets no hint`() {
        #expect(NearestName.of("zzzzzz", in: ["traffic", "tags"]) == nil)
        #expect(NearestName.edits(from: "abcd", to: "acbd") == 1)
        #expect(NearestName.edits(from: "", to: "abc") == 3)
    }
}
