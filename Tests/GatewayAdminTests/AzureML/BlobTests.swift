import Foundation
import HTTPTypes
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

    @Test(arguments: ["", "<BlockList>", "<Latest>a", "<Latest>a</Uncommitted>", "text", "<Latest>a<b/></Latest>", "<"])
    func `what is no list of blocks is refused`(xml: String) {
        #expect(throws: APIError.self) { try BlockList(xml) }
    }

    @Test func `a tenant stores no more than it may, and gets back what it gave up`() throws {
        let allowance = BlobAllowance(perTenant: 100, spare: 10)
        try allowance.reserve(60, for: "demo", free: 1000) { 30 }
        #expect(throws: APIError.self) { try allowance.reserve(20, for: "demo", free: 1000) { 0 } }
        allowance.release(50, for: "demo")
        try allowance.reserve(20, for: "demo", free: 1000) { 0 }
        #expect(throws: APIError.self) { try allowance.reserve(20, for: "other", free: 25) { 0 } }
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
