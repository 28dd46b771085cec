import Crypto
import Dispatch
import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// Pulls that somebody ends in the middle of each of their steps.
@Suite(.serialized, .timeLimit(.minutes(1))) struct PullCancelTests {
    private static let pulls = "/api/v1/tenants/demo/pulls"

    private func withPulls(
        fetch: @escaping ModelFetch = { _, _ in throw CancellationError() },
        _ body: @escaping @Sendable (ControlPlane, AdminTestClient) async throws -> Void
    ) async throws {
        let fixture = try await AdminFixture(fetch: fetch)
        let plane = fixture.controlPlane
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await plane.pulls.run() }
            try await fixture.withClient { client in
                _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
                try await body(plane, client)
            }
            group.cancelAll()
        }
    }

    private static func begin(_ source: String, _ client: AdminTestClient) async throws -> String {
        let answer = try await client.send(.post, pulls, #"{"source":"\#(source)","name":"m"}"#)
        return try answer.decode(OperationResource.self).id
    }

    private static func cancel(_ id: String, _ client: AdminTestClient) async throws -> OperationResource {
        #expect(try await client.send(.post, "/api/v1/operations/\(id)/cancel").status == 202)
        return try await end(of: id, client)
    }

    private static func end(of id: String, _ client: AdminTestClient) async throws -> OperationResource {
        while true {
            let operation = try await client.get(OperationResource.self, "/api/v1/operations/\(id)")
            if operation.isOver { return operation }
            await Task.yield()
        }
    }

    /// What the audit log says of its end.
    private static func audit(_ id: String, _ client: AdminTestClient) async throws -> [AuditEntryResource] {
        while true {
            let log = try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit").value
            let found = log.filter { $0.kind == "operation" && $0.resource == "demo/operations/\(id)" }
            // It is written after the operation shows its end.
            if !found.isEmpty { return found }
            await Task.yield()
        }
    }

    @Test func `the digest of a file that has no end is given up`() async throws {
        try await withPulls { _, client in
            let id = try await Self.begin("file:/dev/zero", client)
            while !Self.isOpen("/dev/zero") { await Task.yield() }
            let over = try await Self.cancel(id, client)
            #expect(over.error?.code == "Cancelled")
        }
    }

    @Test func `who ended a pull, which one and how it ended is in the audit log`() async throws {
        try await withPulls { plane, client in
            let id = try await Self.begin("file:/dev/zero", client)
            _ = try await Self.cancel(id, client)
            let entries = try await Self.audit(id, client)
            let entry = try #require(entries.first)
            #expect(entries.count == 1 && entry.operator == "operator.token" && entry.action == "updated")
            #expect(entry.request == "POST /api/v1/operations/\(id)/cancel")
            let facts = #"{"failure":"Cancelled","resource":"demo/m@latest","state":"Failed"}"#
            #expect(entry.after == facts)
            #expect(try await plane.store.verifyAudit().isGood)
        }
    }

    @Test func `one that fails by itself when it is to stop says why`() async throws {
        let fetch: ModelFetch = { _, _ in
            try? await Task.sleep(for: .seconds(3600))
            throw ModelPullProblem(.wrongChecksum, "what was fetched was thrown away")
        }
        try await withPulls(fetch: fetch) { _, client in
            let id = try await Self.begin("https://models.example.com/m.gguf", client)
            let over = try await Self.cancel(id, client)
            #expect(over.error?.code == "WrongChecksum", "\(String(describing: over.error))")
            #expect(try await Self.audit(id, client).first?.after?.contains("WrongChecksum") == true)
        }
    }

    @Test func `a cancel that comes while the model is being registered is too late, and nothing says otherwise`()
        async throws
    {
        let go = AsyncStream.makeStream(of: Void.self)
        let fetch: ModelFetch = { order, _ in
            for await _ in go.stream { break }
            let data = Data(FakeModelFile.text().utf8)
            try data.write(to: URL(fileURLWithPath: order.partial))
            let sha256 = FileDigest.text(of: SHA256.hash(data: data))
            return FetchedModel(sha256: sha256, size: Int64(data.count), source: order.source)
        }
        try await withPulls(fetch: fetch) { plane, client in
            let id = try await Self.begin("https://models.example.com/m.gguf", client)
            // Nothing else is written to the store until it opens.
            let gate = DispatchSemaphore(value: 0)
            async let held: Void = Self.hold(plane.store, until: gate) { go.continuation.yield() }
            let folder = plane.pulls.shelf.folder(of: "demo")
            while !Self.hasModel(folder) { await Task.yield() }
            #expect(plane.store.definitions.models.isEmpty)
            #expect(try await client.send(.post, "/api/v1/operations/\(id)/cancel").status == 202)
            gate.signal()
            try await held
            let over = try await Self.end(of: id, client)
            #expect(over.status == "Succeeded" && over.error == nil)
            #expect(plane.store.definitions.models.map(\.name) == ["m"])
            #expect(try await Self.audit(id, client).first?.after?.contains("Succeeded") == true)
        }
    }

    /// Whether this process reads it; where the system does not tell, perhaps.
    private static func isOpen(_ path: String) -> Bool {
        let (files, folder) = (FileManager.default, "/proc/self/fd")
        guard let names = try? files.contentsOfDirectory(atPath: folder) else { return true }
        return names.contains { (try? files.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == path }
    }

    private static func hasModel(_ folder: String) -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).contains(where: ShelfFile.isModel)
    }

    /// Occupies the store's only writer.
    private static func hold(
        _ store: Store,
        until gate: DispatchSemaphore,
        _ isHeld: @escaping @Sendable () -> Void
    ) async throws {
        try await store.recordBlob(
            BlobRecord(tenant: "demo", name: "b", path: "/b", size: 1, sha256: "b"),
            before: {
                isHeld()
                gate.wait()
                return nil
            },
            place: { nil }
        )
    }
}
