import Dispatch
import Foundation
import GatewayAPI
import GatewayStore
import HTTPTypes
import Synchronization
import Testing

@testable import GatewayAdmin

@Suite struct BlobTests {
    private static let root = "/store.blob.local/demo"

    @Test(
        arguments: [
            "", "/", "a//b", "a/", "/a", "..", "a/..", "a/../b", ".", "%2e%2e", "a%2fb", "a%5cb", "a\\b", "a%00",
            "a%0ab", "%",
            "a%ffb", String(repeating: "x", count: 201), Array(repeating: "x", count: 33).joined(separator: "/"),
        ]
    )
    func `a name that could lead elsewhere is none`(name: String) {
        #expect(BlobName(tenant: "demo", encoded: name[...]) == nil)
    }

    @Test func `a name is a path below the tenant's folder`() {
        let folder = ArtifactFolder(root: "/var/models")
        let blob = BlobName(tenant: "demo", encoded: "LocalUpload/0a1b/m%20x.gguf")
        #expect(blob.map(folder.path) == "/var/models/demo/files/LocalUpload/0a1b/m x.gguf")
        #expect(BlobName(tenant: "../demo", encoded: "a") == nil)
    }

    @Test func `a blob is written, described, read in parts and listed`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let uri = "\(Self.root)/LocalUpload/h/m.bin"
            #expect(try await client.raw(.head, uri).status == 404)
            #expect(
                try await client.raw(.head, uri).headers[try #require(HTTPField.Name("x-ms-error-code"))]
                    == "BlobNotFound"
            )
            #expect(try await client.raw(.put, uri, "0123456789").status == 201)
            #expect(try await client.raw(.put, uri, "x", headers: ["If-None-Match": "*"]).status == 409)
            let meta = ["x-ms-meta-upload_status": "completed", "x-ms-meta-name": "m"]
            #expect(try await client.raw(.put, "\(uri)?comp=metadata", headers: meta).status == 200)
            let head = try await client.raw(.head, uri)
            #expect(head.headers[.contentLength] == "10")
            #expect(head.headers[try #require(HTTPField.Name("x-ms-meta-upload_status"))] == "completed")
            #expect(try await client.raw(.get, uri).text == "0123456789")
            let part = try await client.raw(.get, uri, headers: ["x-ms-range": "bytes=2-4"])
            #expect(part.status == 206 && part.text == "234" && part.headers[.contentRange] == "bytes 2-4/10")
            #expect(try await client.raw(.get, uri, headers: ["Range": "bytes=10-12"]).status == 416)
            let list = try await client.raw(.get, "\(Self.root)?restype=container&comp=list&prefix=LocalUpload/h")
            #expect(list.text.contains("<Name>LocalUpload/h/m.bin</Name>"))
            let other = try await client.raw(.get, "\(Self.root)?restype=container&comp=list&prefix=Other")
            #expect(!other.text.contains("<Blob>"))
        }
    }

    @Test func `blocks become a blob in the order of the list, and only those that came`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let uri = "\(Self.root)/big.bin"
            for (id, text) in [("QQ==", "aaa"), ("Qg==", "bb")] {
                #expect(try await client.raw(.put, "\(uri)?comp=block&blockid=\(id)", text).status == 201)
            }
            let missing = "<BlockList><Latest>QQ==</Latest><Latest>Qw==</Latest></BlockList>"
            #expect(try await client.raw(.put, "\(uri)?comp=blocklist", missing).status == 400)
            #expect(try await client.raw(.head, uri).status == 404)
            let list = "<?xml version=\"1.0\"?><BlockList><Latest>Qg==</Latest><Latest>QQ==</Latest></BlockList>"
            #expect(try await client.raw(.put, "\(uri)?comp=blocklist", list).status == 201)
            #expect(try await client.raw(.get, uri).text == "bbaaa")
        }
    }

    @Test func `a blob where a folder is, or below a file, is refused`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.raw(.put, "\(Self.root)/a/b", "1").status == 201)
            #expect(try await client.raw(.put, "\(Self.root)/a", "1").status == 409)
            #expect(try await client.raw(.put, "\(Self.root)/a/b/c", "1").status == 409)
        }
    }

    @Test(arguments: [
        "", "<BlockList>", "<Latest>a", "<Latest>a</Uncommitted>", "text", "<Latest>a<b/></Latest>", "<",
        "<Latest>a</Latest><Latest>b</Latest><Latest>a</Latest>",
    ])
    func `what is no list of blocks is refused`(xml: String) {
        #expect(throws: APIError.self) { try BlockList(xml) }
    }

    @Test func `a tenant stores no more than it may, and gets back what it gave up`() throws {
        let allowance = BlobAllowance(perTenant: .init(bytes: 100, entries: 5), spare: 10)
        func reserve(_ bytes: Int64, _ entries: Int = 1, of tenant: String = "demo", free: Int64 = 1000) throws {
            let amount = BlobAllowance.Amount(bytes: bytes, entries: entries)
            try allowance.reserve(amount, for: tenant, free: { free }) { .init(bytes: 30, entries: 1) }
        }
        try reserve(60)
        #expect(throws: APIError.self) { try reserve(20) }
        allowance.release(.init(bytes: 50, entries: 0), for: "demo")
        try reserve(20)
        #expect(throws: APIError.self) { try reserve(0, 3) }
        #expect(throws: APIError.self) { try reserve(20, of: "other", free: 25) }
    }

    @Test func `uploads that run side by side do not promise the same room twice`() throws {
        let allowance = BlobAllowance(perTenant: .init(bytes: 1000, entries: 100), spare: 10)
        let amount = BlobAllowance.Amount(bytes: 60, entries: 1)
        func reserve(of tenant: String) throws {
            try allowance.reserve(amount, for: tenant, free: { 100 }) { .none }
        }
        try reserve(of: "demo")
        #expect(throws: APIError.self) { try reserve(of: "other") }
        allowance.discard(amount, for: "demo")
        try reserve(of: "other")
        allowance.settle(60)
        try reserve(of: "demo")
    }

    @Test func `joined blocks need room of their own, and are kept where there is none`() throws {
        let fixture = FileManager.default.temporaryDirectory.appendingPathComponent("shelf-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: fixture) }
        let blob = try #require(BlobName(tenant: "demo", plain: "a/b"))
        func shelf(_ bytes: Int64) -> BlobShelf {
            let allowance = BlobAllowance(perTenant: .init(bytes: bytes, entries: 100), spare: 0)
            return BlobShelf(folder: ArtifactFolder(root: fixture.path), allowance: allowance)
        }
        let small = shelf(10)
        for (id, text) in [("x", "abc"), ("y", "def")] {
            let upload = try small.stage(3, for: blob, isBlock: true)
            #expect(FileManager.default.createFile(atPath: upload.path, contents: Data(text.utf8)))
            try small.keepBlock(upload, id: id, of: blob)
        }
        let list = try BlockList("<Latest>y</Latest><Latest>x</Latest>")
        #expect(throws: APIError.self) { try small.join(list, of: blob) }
        let (upload, sha256) = try shelf(12).join(list, of: blob)
        #expect(upload.amount.bytes == 6 && sha256.count == 64)
        #expect(try String(contentsOfFile: upload.path, encoding: .utf8) == "defabc")
        // They are gone with the first list that was joined.
        #expect(throws: APIError.self) { try shelf(100).join(list, of: blob) }
    }

    /// Holds whoever comes until it is opened.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let count = Mutex(0)

        var arrived: Int { count.withLock { $0 } }

        func pass() {
            count.withLock { $0 += 1 }
            semaphore.wait()
        }

        func open(for count: Int) { for _ in 0..<count { semaphore.signal() } }
    }

    @Test func `large files of one tenant leave threads to the others`() async throws {
        let gate = Gate()
        let held = (0..<6).map { _ in Task { try await LongDiskWork.shared.run(for: "busy") { gate.pass() } } }
        #expect(try await LongDiskWork.shared.run(for: "other") { 7 } == 7)
        #expect(gate.arrived <= 2)
        gate.open(for: held.count)
        for task in held { try await task.value }
        #expect(gate.arrived == held.count)
    }

    @Test func `a blob that is placed or committed is in the audit log, with its checksum`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let uri = "\(Self.root)/a/m.bin"
            func newest() async throws -> AuditEntryResource? {
                try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit?limit=1").value.first
            }
            #expect(try await client.raw(.put, uri, "abc").status == 201)
            let made = try #require(try await newest())
            #expect(made.kind == "blob" && made.resource == "demo/blobs/a/m.bin" && made.operator == "operator.token")
            let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            #expect(made.after == #"{"sha256":"\#(abc)","size":3}"#)
            for (id, text) in [("1", "a"), ("2", "bc")] {
                _ = try await client.raw(.put, "\(uri)?comp=block&blockid=\(id)", text)
            }
            let list = "<Latest>1</Latest><Latest>2</Latest>"
            #expect(try await client.raw(.put, "\(uri)?comp=blocklist", list).status == 201)
            let changed = try #require(try await newest())
            #expect(changed.action == "updated" && changed.before == #"{"size":3}"# && changed.after == made.after)
        }
    }

    @Test func `a file that a registered model names is not replaced`() async throws {
        let fixture = try await AdminFixture()
        let folder = fixture.controlPlane.azure.shelf.folder
        try await fixture.withClient { client in
            try await client.prepareAzure()
            let (ours, azures) = ("\(Self.root)/a/m.gguf", "\(Self.root)/b/c/m.gguf")
            for uri in [ours, azures] { #expect(try await client.raw(.put, uri, "abc").status == 201) }
            let blob = try #require(BlobName(tenant: "demo", plain: "a/m.gguf"))
            let model = #"{"name":"m","path":"\#(folder.path(of: blob))"}"#
            let registered = try await client.send(.post, "/api/v1/tenants/demo/models", model)
            // Nobody said the digest: the gateway read the file.
            let digest = try registered.decode(ModelResource.self).sha256
            #expect(registered.status == 201 && digest?.hasPrefix("ba7816bf") == true)
            let asset = "\(Azure.scope.id)/models/n/versions/1\(Azure.version)"
            let named = #"{"properties":{"modelUri":"azureml://datastores/workspaceblobstore/paths/b/c"}}"#
            #expect(try await client.send(.put, asset, named).status == 201)
            for uri in [ours, azures] {
                let answer = try await client.raw(.put, uri, "other")
                #expect(answer.status == 409 && answer.text.contains("registered model"), "\(uri)")
                _ = try await client.raw(.put, "\(uri)?comp=block&blockid=1", "other")
                #expect(try await client.raw(.put, "\(uri)?comp=blocklist", "<Latest>1</Latest>").status == 409)
                #expect(try await client.raw(.get, uri).text == "abc")
            }
            #expect(try await client.raw(.put, "\(Self.root)/b/other", "x").status == 201)
        }
    }

    @Test func `a signed URL ends with its tenant, and waits while it is suspended`() async throws {
        let fixture = try await AdminFixture()
        let query = fixture.controlPlane.azure.signature.query(tenant: "demo", folder: "a")
        try await fixture.withClient { client in
            let uri = "\(Self.root)/a/m.bin?\(query)"
            #expect(try await client.raw(.put, uri, "abc", isOperator: false).status == 401)
            try await client.prepareAzure()
            #expect(try await client.raw(.put, uri, "abc", isOperator: false).status == 201)
            _ = try await client.send(.post, "/api/v1/tenants/demo/suspend")
            #expect(try await client.raw(.put, uri, "abc", isOperator: false).status == 401)
            #expect(try await client.raw(.put, "/store.blob.local/nobody/a", "abc").status == 404)
        }
    }

    @Test func `a tenant's uploads and operations go with it, and whoever has its name next sees nothing of them`()
        async throws
    {
        let fixture = try await AdminFixture()
        let (operations, root) = (fixture.controlPlane.operations, fixture.controlPlane.azure.shelf.folder.root)
        try await fixture.withClient { client in
            try await client.prepareAzure()
            #expect(try await client.raw(.put, "\(Self.root)/a", "abc").status == 201)
            _ = try await client.send(.put, Azure.deployment("blue"), Azure.body())
            #expect(!operations.all.isEmpty)
            #expect(try await client.send(.delete, "/api/v1/tenants/demo").status == 204)
            #expect(operations.all.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
            try await client.prepareAzure()
            #expect(try await client.raw(.get, "\(Self.root)/a").status == 404)
            #expect(try await client.raw(.put, "\(Self.root)/a", "abc").status == 201)
        }
    }

    @Test func `a signed URL opens its folder until it expires, and nothing else`() throws {
        let signature = BlobSignature()
        let query = signature.query(tenant: "demo", folder: "codes-a-1", now: 1000)
        let parts = Dictionary(
            query.split(separator: "&").map { part in
                let pair = part.split(separator: "=", maxSplits: 1)
                return (String(pair[0]), String(pair[1]))
            }
        ) { first, _ in first }
        let (expiry, given) = (try #require(parts["se"]), try #require(parts["sig"]))
        func opens(_ tenant: String, _ folder: String, _ expiry: String, _ given: String, now: Int64 = 1001) -> Bool {
            signature.opens(tenant: tenant, folder: folder, expiry: expiry, signature: given, now: now)
        }
        #expect(opens("demo", "codes-a-1", expiry, given))
        #expect(!opens("other", "codes-a-1", expiry, given))
        #expect(!opens("demo", "codes-a-2", expiry, given))
        #expect(!opens("demo", "codes-a-1", "2099-01-01T00:00:00Z", given))
        #expect(!opens("demo", "codes-a-1", expiry, given, now: 1000 + BlobSignature.lifetime))
        for wrong in ["", "zz", String(given.dropLast()) + (given.hasSuffix("0") ? "1" : "0"), given + "00"] {
            #expect(!opens("demo", "codes-a-1", expiry, wrong))
        }
        #expect(
            !BlobSignature().opens(tenant: "demo", folder: "codes-a-1", expiry: expiry, signature: given, now: 1001)
        )
    }
}
