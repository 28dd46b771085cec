import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct AzureAssetTests {
    private static func uri(_ kind: String, _ name: String, _ version: String) -> String {
        "\(Azure.scope.id)/\(kind)/\(name)/versions/\(version)\(Azure.version)"
    }

    @Test func `a model is registered, shown with what the SDK needs, and listed the newest first`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for version in ["1", "2", "10"] {
                let body =
                    #"{"properties":{"modelUri":"s3://b/\#(version)","modelType":"custom_model","tags":{"k":"v"}}}"#
                #expect(try await client.send(.put, Self.uri("models", "m", version), body).status == 201)
                #expect(try await client.send(.put, Self.uri("models", "m", version), body).status == 200)
            }
            let shown = try await client.azure(.get, Self.uri("models", "m", "2"))
            #expect(shown["id"]?.text == "\(Azure.scope.id)/models/m/versions/2")
            #expect(shown["properties"]?["flavors"] == [:] && shown["properties"]?["modelUri"] == "s3://b/2")
            let container = try await client.azure(.get, "\(Azure.scope.id)/models/m\(Azure.version)")
            #expect(
                container["properties"]?["latestVersion"] == "10" && container["properties"]?["nextVersion"] == "11"
            )
            let latest = "\(Azure.scope.id)/models/m/versions?$orderBy=createdtime%20desc&$top=1"
            #expect(try await client.azure(.get, latest)["value"]?.list?.map { $0["name"] } == ["10"])
            #expect(
                try await client.azure(.get, "\(Azure.scope.id)/models")["value"]?.list?.map { $0["name"] } == ["m"]
            )
            #expect(try await client.send(.get, "\(Azure.scope.id)/models/nobody").status == 404)
            #expect(try await client.azure(.get, "\(Azure.scope.id)/models/nobody/versions")["value"] == [])
            #expect(try await client.send(.get, Self.uri("models", "m", "3")).status == 404)
        }
    }

    @Test func `a version never changes what it is, but its tags do`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let uri = Self.uri("models", "m", "1")
            #expect(try await client.send(.put, uri, #"{"properties":{"modelUri":"s3://a"}}"#).status == 201)
            #expect(try await client.send(.put, uri, #"{"properties":{"modelUri":"s3://b"}}"#).status == 409)
            let tagged = #"{"properties":{"modelUri":"s3://a","tags":{"x":"y"}}}"#
            #expect(try await client.send(.put, uri, tagged).status == 200)
            #expect(try await client.azure(.get, uri)["properties"]?["tags"] == ["x": "y"])
        }
    }

    @Test func `a name is archived and restored with all its versions`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for version in ["1", "2"] {
                _ = try await client.send(
                    .put,
                    Self.uri("models", "m", version),
                    #"{"properties":{"modelUri":"s3://a"}}"#
                )
            }
            let container = "\(Azure.scope.id)/models/m\(Azure.version)"
            func listed() async throws -> [ARMValue?]? {
                try await client.azure(.get, "\(Azure.scope.id)/models")["value"]?.list?.map { $0["name"] }
            }
            let archived = try await client.azure(.put, container, #"{"properties":{"isArchived":true}}"#)
            #expect(archived["properties"]?["isArchived"] == true)
            #expect(try await listed() == [])
            #expect(try await client.azure(.get, Self.uri("models", "m", "1"))["properties"]?["isArchived"] == true)
            #expect(try await client.send(.put, container, #"{"properties":{"isArchived":false}}"#).status == 200)
            #expect(try await listed() == ["m"])
            #expect(try await client.send(.put, container, #"{"properties":{"tags":{}}}"#).status == 400)
            let nobody = "\(Azure.scope.id)/models/nobody\(Azure.version)"
            #expect(try await client.send(.put, nobody, #"{"properties":{"isArchived":true}}"#).status == 404)
        }
    }

    @Test func `a version is deleted, unless a deployment has it for its model`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for (kind, body) in [("models", "modelUri"), ("environments", "image"), ("codes", "codeUri")] {
                let uri = Self.uri(kind, "m", "1")
                #expect(try await client.send(.put, uri, #"{"properties":{"\#(body)":"s3://a"}}"#).status == 201)
                #expect(try await client.send(.delete, uri).status == 200)
                #expect(try await client.send(.get, uri).status == 404)
                #expect(try await client.send(.delete, uri).status == 204)
            }
            let newest = try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit?limit=1").value
                .first
            #expect(newest?.action == "deleted" && newest?.resource == "demo/codes/m:1")
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(FakeModelFile.text().utf8).write(to: file)
            let models = "/api/v1/tenants/demo/models"
            for name in ["used", "unused"] {
                let body = #"{"name":"\#(name)","path":"\#(file.path)"}"#
                #expect(try await client.send(.post, models, body).status == 201)
            }
            let deployment = Azure.body(urls: nil, #""model":"azureml:used:1""#)
            #expect(try await client.send(.put, Azure.deployment("blue"), deployment).status == 201)
            let refused = try await client.send(.delete, Self.uri("models", "used", "1"))
            #expect(refused.status == 400 && refused.text.contains("demo/chat/blue"))
            #expect(try await client.send(.delete, Self.uri("models", "unused", "1")).status == 200)
            let left = try await client.get(ResourceList<ModelResource>.self, models).value
            #expect(left.map(\.name) == ["used"])
        }
    }

    @Test func `archived versions are listed only where they are asked for`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for (version, archived) in [("1", true), ("2", false)] {
                let body = #"{"properties":{"modelUri":"s3://a","isArchived":\#(archived)}}"#
                _ = try await client.send(.put, Self.uri("models", "m", version), body)
            }
            for (view, names) in [("ActiveOnly", ["2"]), ("ArchivedOnly", ["1"]), ("All", ["2", "1"])] {
                let list = try await client.azure(.get, "\(Azure.scope.id)/models/m/versions?listViewType=\(view)")
                #expect(list["value"]?.list?.compactMap { $0["name"]?.text } == names)
            }
        }
    }

    @Test func `a long list has pages whose links lead on`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for number in 1...101 {
                _ = try await client.send(
                    .put,
                    Self.uri("data", "d", "\(number)"),
                    #"{"properties":{"dataUri":"s3://a"}}"#
                )
            }
            let first = try await client.azure(.get, "\(Azure.scope.id)/data/d/versions\(Azure.version)")
            #expect(first["value"]?.list?.count == 100)
            let next = try #require(first["nextLink"]?.text.flatMap { URL(string: $0) })
            let rest = try await client.azure(.get, "\(next.path)?\(next.query ?? "")")
            #expect(rest["value"]?.list?.map { $0["name"] } == ["1"] && rest["nextLink"] == nil)
        }
    }

    @Test func `models of our own API are there too`() async throws {
        let fixture = try await AdminFixture()
        let file = fixture.folder.appendingPathComponent("m.gguf")
        try Data("GGUF".utf8).write(to: file)
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let sha256 = String(repeating: "ab", count: 32)
            let body = #"{"name":"own","path":"\#(file.path)","sha256":"\#(sha256)","size":4}"#
            #expect(try await client.send(.post, "/api/v1/tenants/demo/models", body).status == 201)
            let shown = try await client.azure(.get, Self.uri("models", "own", "1"))
            #expect(shown["properties"]?["modelUri"]?.text == "file://\(file.path)")
            #expect(
                try await client.azure(.get, "\(Azure.scope.id)/models")["value"]?.list?.map { $0["name"] } == ["own"]
            )
        }
    }

    @Test(arguments: [
        ("models", "a%2Fb", "1"), ("models", "m", "%2e%2e"), ("models", "-m", "1"), ("codes", "c", "a%20b"),
    ])
    func `a name that could not be a file's is refused`(kind: String, name: String, version: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let answer = try await client.send(
                .put,
                Self.uri(kind, name, version),
                #"{"properties":{"modelUri":"s3://a"}}"#
            )
            #expect(answer.status == 400)
        }
    }

    @Test
    func `an environment keeps what has no meaning and says so, and a code folder is uploaded behind a signature`()
        async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let conda = #"{"properties":{"image":"i","condaFile":"name: x"}}"#
            let answer = try await client.send(.put, Self.uri("environments", "e", "1"), conda)
            #expect(answer.headers[try #require(HTTPField.Name("x-gatehouse-warning"))]?.contains("condaFile") == true)
            for (route, isTold) in [("/predict", false), ("/predict?x=1", true)] {
                let body = #"{"properties":{"image":"i","inferenceConfig":{"scoringRoute":{"path":"\#(route)"}}}}"#
                let uri = Self.uri("environments", isTold ? "f" : "g", "1")
                let warning = try await client.send(.put, uri, body).headers[
                    try #require(HTTPField.Name("x-gatehouse-warning"))
                ]
                #expect((warning?.contains("scoring_route") == true) == isTold)
            }
            let codes = "\(Azure.scope.id)/codes/abc/versions"
            #expect(try await client.azure(.get, "\(codes)?hash=1&hashVersion=202208")["value"] == [])
            let asked = #"{"pendingUploadType":"TemporaryBlobReference"}"#
            let pending = try await client.azure(.post, "\(codes)/1/startPendingUpload\(Azure.version)", asked)
            let reference = try #require(pending["blobReferenceForConsumption"])
            let signed = try #require(reference["credential"]?["sasUri"]?.text.flatMap { URL(string: $0) })
            let query = try #require(signed.query)
            let uri = "\(signed.path)/src/score.py?\(query)"
            #expect(try await client.raw(.put, uri, "code", isOperator: false).status == 201)
            #expect(try await client.raw(.get, uri, isOperator: false).text == "code")
            let elsewhere = "/store.blob.local/demo/LocalUpload/x?\(query)"
            #expect(try await client.raw(.put, elsewhere, "code", isOperator: false).status == 401)
        }
    }
}
