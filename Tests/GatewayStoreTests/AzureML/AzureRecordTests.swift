import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct AzureRecordTests {
    private static let secret = "c2VjcmV0LW9mLXRoZS10ZXN0"

    private static func endpoint(_ name: String) -> EndpointDefinition {
        EndpointDefinition(tenant: "demo", name: name)
    }

    private static func deployment(_ name: String) -> DeploymentDefinition {
        DeploymentDefinition(
            tenant: "demo",
            endpoint: "azure",
            name: name,
            serving: .upstream(UpstreamDefinition(urls: ["http://127.0.0.1:9000"]))
        )
    }

    private static func prepared() async throws -> TemporaryStore {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.putEndpoint(endpoint("azure"), over: nil, azure: #"{"identity":1}"#, by: "ann")
        return temporary
    }

    @Test func `what a client sent is kept with the endpoint, and goes with it`() async throws {
        let temporary = try await Self.prepared()
        let record = try #require(try await temporary.store.azureEndpoint("demo", "azure"))
        #expect(record.body == #"{"identity":1}"# && record.createdBy == "ann")
        _ = try await temporary.store.putEndpoint(
            Self.endpoint("azure"),
            over: temporary.store.endpoint("demo", "azure"),
            azure: "{}",
            by: "bob"
        )
        let changed = try #require(try await temporary.store.azureEndpoint("demo", "azure"))
        #expect(changed.body == "{}" && changed.createdBy == "ann" && changed.createdAt == record.createdAt)
        try await temporary.store.deleteEndpoint("demo", "azure")
        #expect(try await temporary.store.azureEndpoint("demo", "azure") == nil)
    }

    @Test func `a deployment's record goes with the deployment, whoever deletes it`() async throws {
        let temporary = try await Self.prepared()
        let body = #"{"a":"\#(Self.secret)"}"#
        #expect(
            try await temporary.store.putDeployment(Self.deployment("blue"), over: nil, azure: body, by: "ann")
                == .created
        )
        #expect(try await temporary.store.azureDeployment("demo", "azure", "blue")?.body == body)
        try await temporary.store.deleteDeployment("demo", "azure", "blue")
        #expect(try await temporary.store.azureDeploymentNames(of: "demo", "azure").isEmpty)
    }

    @Test func `what was made from a state that is not there any more is refused`() async throws {
        let temporary = try await Self.prepared()
        let store = temporary.store
        let stale = try store.endpoint("demo", "azure")
        try await store.setRules(UsageRules(limits: [LimitRule(.requests, 5, per: .minute)]), of: .azure)
        await #expect(throws: StoreError.self) {
            try await store.putEndpoint(stale, over: stale, azure: "{}", by: "ann")
        }
        #expect(try store.endpoint("demo", "azure").rules.limits.count == 1)
        _ = try await store.putDeployment(Self.deployment("blue"), over: nil, azure: "{}", by: "ann")
        await #expect(throws: StoreError.self) {
            try await store.putDeployment(Self.deployment("blue"), over: nil, azure: "{}", by: "ann")
        }
        #expect(try await store.azureDeployment("demo", "azure", "blue")?.createdBy == "ann")
    }

    @Test func `a refused change keeps no record`() async throws {
        let temporary = try await Self.prepared()
        var bad = Self.deployment("blue")
        bad.serving = .upstream(UpstreamDefinition(urls: ["http://169.254.169.254"]))
        await #expect(throws: StoreError.self) {
            try await temporary.store.putDeployment(bad, over: nil, azure: "{}", by: "ann")
        }
        #expect(try await temporary.store.azureDeploymentNames(of: "demo", "azure").isEmpty)
    }

    @Test func `one that nothing serves is kept with the reason, until it is forgotten or served`() async throws {
        let temporary = try await Self.prepared()
        try await temporary.store.keepAzureDeployment("demo", "azure", "blue", body: "{}", failure: "no way", by: "ann")
        #expect(try await temporary.store.azureDeployment("demo", "azure", "blue")?.failure == "no way")
        _ = try await temporary.store.putDeployment(Self.deployment("blue"), over: nil, azure: "{}", by: "ann")
        #expect(try await temporary.store.azureDeployment("demo", "azure", "blue")?.failure == nil)
        try await temporary.store.failAzureDeployment("demo", "azure", "blue", "again")
        #expect(try await temporary.store.azureDeployment("demo", "azure", "blue")?.failure == "again")
        try await temporary.store.keepAzureDeployment(
            "demo",
            "azure",
            "green",
            body: "{}",
            failure: "no way",
            by: "ann"
        )
        try await temporary.store.forgetAzureDeployment("demo", "azure", "green")
        #expect(try await temporary.store.azureDeploymentNames(of: "demo", "azure") == ["blue"])
    }

    @Test func `environment variables of a deployment do not lie in the database in clear`() async throws {
        let temporary = try await Self.prepared()
        let body = #"{"properties":{"environmentVariables":{"TOKEN":"\#(Self.secret)"}}}"#
        _ = try await temporary.store.putDeployment(Self.deployment("blue"), over: nil, azure: body, by: "ann")
        for suffix in ["", "-wal"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: temporary.path + suffix))
            #expect(bytes.range(of: Data(Self.secret.utf8)) == nil)
        }
    }

    private static func asset(_ name: String, _ version: String, _ body: String) -> AzureAsset {
        let record = AzureRecord(body: body, createdAt: 5, modifiedAt: 5, createdBy: "ann")
        return AzureAsset(kind: .models, name: name, version: version, record: record)
    }

    @Test func `a version is registered once, and what may change of it may change`() async throws {
        let temporary = try await Self.prepared()
        func put(_ body: String, allowed: Bool = false) async throws -> PutOutcome {
            try await temporary.store.putAzureAsset("demo", Self.asset("m", "1", body)) { _ in allowed }
        }
        #expect(try await put(#"{"u":1}"#) == .created)
        #expect(try await put(#"{"u":1}"#) == .unchanged)
        #expect(try await put(#"{"u":2}"#, allowed: true) == .updated)
        await #expect(throws: StoreError.self) { try await put(#"{"u":3}"#) }
        #expect(try await temporary.store.azureAsset("demo", .models, "m", "1")?.record.body == #"{"u":2}"#)
        #expect(try await temporary.store.azureAsset("demo", .environments, "m", "1") == nil)
        await #expect(throws: StoreError.notFound(resource: "other")) {
            try await temporary.store.putAzureAsset("other", Self.asset("m", "1", "{}")) { _ in true }
        }
    }

    @Test func `the newest asset is the first, and a tenant's go with it`() async throws {
        let temporary = try await Self.prepared()
        for version in ["2", "10", "1"] {
            _ = try await temporary.store.putAzureAsset("demo", Self.asset("m", version, "{}")) { _ in true }
        }
        _ = try await temporary.store.putAzureAsset("demo", Self.asset("n", "1", "{}")) { _ in true }
        #expect(try await temporary.store.azureAssetVersions("demo", .models, "m").map(\.version) == ["1", "10", "2"])
        #expect(try await temporary.store.azureAssetVersions("demo", .models).map(\.name) == ["n", "m", "m", "m"])
        try await temporary.store.deleteTenant("demo")
        _ = try await temporary.store.putTenant(TenantDefinition(name: "demo"))
        #expect(try await temporary.store.azureAssetVersions("demo", .models).isEmpty)
    }

    @Test func `what is kept of a deployment, and forgotten, is in the log without its variables`() async throws {
        let temporary = try await Self.prepared()
        let store = temporary.store
        let body = #"{"properties":{"environmentVariables":{"TOKEN":"\#(Self.secret)"}}}"#
        func newest() async throws -> AuditEntry? { try await store.auditEntries(limit: 1).first }
        try await store.keepAzureDeployment("demo", "azure", "blue", body: body, failure: "no way", by: "ann")
        var entry = try #require(try await newest())
        #expect(entry.action == .created && entry.resource.path == "demo/azure/blue")
        #expect(entry.after == #"{"failure":"no way","properties":{"environmentVariables":{"TOKEN":"(not shown)"}}}"#)
        try await store.failAzureDeployment("demo", "azure", "blue", "again")
        entry = try #require(try await newest())
        #expect(entry.action == .updated && entry.fields == ["failure"] && entry.after?.contains("again") == true)
        let count = entry.number
        try await store.failAzureDeployment("demo", "azure", "none", "again")
        #expect(try await newest()?.number == count)
        try await store.forgetAzureDeployment("demo", "azure", "blue")
        #expect(try await newest()?.action == .deleted)
        _ = try await store.putEndpoint(
            Self.endpoint("azure"),
            over: temporary.store.endpoint("demo", "azure"),
            azure: #"{"identity":2}"#,
            by: "ann"
        )
        entry = try #require(try await newest())
        #expect(entry.fields == ["azure"] && entry.before == #"{"identity":1}"# && entry.after == #"{"identity":2}"#)
        #expect(try await store.verifyAudit().isGood)
    }

    @Test func `an endpoint keeps no more deployments that nothing serves than it may have`() async throws {
        let temporary = try await Self.prepared()
        func keep(_ name: String) async throws {
            try await temporary.store.keepAzureDeployment("demo", "azure", name, body: "{}", failure: "no", by: "ann")
        }
        for index in 0..<SizeCheck.mostDeployments { try await keep("d-\(index + 100)") }
        #expect(await problems { try await keep("one-more") } == [.tooMany])
        try await keep("d-100")
    }

    @Test func `a version is listed with what a filter asks, whatever its body says`() async throws {
        let temporary = try await Self.prepared()
        let bodies = [
            #"{"isArchived":true,"properties":{"hash_sha256":"ab"}}"#,
            #"{"isArchived":"yes","properties":{"hash_sha256":7}}"#,
            "{}",
        ]
        for (index, body) in bodies.enumerated() {
            _ = try await temporary.store.putAzureAsset("demo", Self.asset("m", "\(index)", body)) { _ in true }
        }
        let found = try await temporary.store.azureAssetVersions("demo", .models, "m")
        #expect(found.map(\.isArchived) == [false, false, true] && found.map(\.hash) == [nil, nil, "ab"])
    }

    private static let blob = BlobRecord(tenant: "demo", name: "a/b", path: "/files/a/b", size: 3, sha256: "ff")

    @Test func `a blob is in its place with its entry in the log, or neither is`() async throws {
        struct Refusal: Error {}
        let store = try await Self.prepared().store
        let count = try await store.auditEntries(limit: 100).count
        await #expect(throws: Refusal.self) { try await store.recordBlob(Self.blob, before: { nil }) { Refusal() } }
        #expect(try await store.auditEntries(limit: 100).count == count)
        try await store.recordBlob(Self.blob, before: { 7 }) { nil }
        let entry = try #require(try await store.auditEntries(limit: 1).first)
        #expect(entry.resource == ResourceReference(.blob, "demo/blobs/a/b") && entry.tenant == "demo")
        #expect(entry.before == #"{"size":7}"# && entry.after == #"{"sha256":"ff","size":3}"#)
        let model = ModelRegistration(
            tenant: "demo",
            name: "m",
            path: Self.blob.path,
            sha256: String(repeating: "a", count: 64),
            size: 3
        )
        _ = try await store.registerModel(model)
        await #expect(throws: StoreError.self) { try await store.recordBlob(Self.blob, before: { 3 }) { nil } }
    }
}

extension RuledResource {
    fileprivate static let azure = RuledResource.endpoint(tenant: "demo", endpoint: "azure")
}
