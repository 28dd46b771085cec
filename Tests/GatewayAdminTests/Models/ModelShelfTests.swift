import Foundation
import GatewayCore
import GatewayStore
import Logging
import Testing

@testable import GatewayAdmin

@Suite struct ModelShelfTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Registers a pulled model of so many bytes, last used then.
    private func add(
        _ name: String,
        _ tenant: String,
        bytes: Int,
        usedAt: Int64,
        _ fixture: AdminFixture,
        _ shelf: ModelShelf
    )
        async throws
    {
        let folder = shelf.folder(of: tenant)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name).gguf"
        try Data(count: bytes).write(to: URL(fileURLWithPath: path))
        let store = fixture.controlPlane.store
        let registration = ModelRegistration(
            tenant: tenant,
            name: name,
            path: path,
            sha256: String(repeating: "a", count: 64),
            size: Int64(bytes),
            source: "https://models.example.com/\(name)"
        )
        _ = try await store.registerModel(registration)
        store.noteModelUses([path], at: usedAt)
    }

    private func scene(limit: Int64?, free: Int64? = nil) async throws -> (AdminFixture, ModelShelf) {
        let fixture = try await AdminFixture()
        let store = fixture.controlPlane.store
        for tenant in ["demo", "other"] { _ = try await store.putTenant(TenantDefinition(name: tenant)) }
        let shelf = ModelShelf(
            root: fixture.folder.appendingPathComponent("models").path,
            limit: limit,
            store: store,
            freeBytes: { _ in free },
            logger: logger
        )
        try await add("old", "demo", bytes: 400, usedAt: 100, fixture, shelf)
        try await add("new", "demo", bytes: 400, usedAt: 300, fixture, shelf)
        try await add("theirs", "other", bytes: 400, usedAt: 50, fixture, shelf)
        return (fixture, shelf)
    }

    private func request(_ id: String = "1", isOwner: Bool = false) -> ModelRoomRequest {
        ModelRoomRequest(operation: id, tenant: "demo", isOwner: isOwner)
    }

    private func names(_ fixture: AdminFixture) -> [String] {
        fixture.controlPlane.store.definitions.models.map(\.name).sorted()
    }

    @Test func `what was used longest ago goes first, the tenant's own only`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        let told = try await shelf.makeRoom(for: 400, request())
        #expect(told.count == 1 && told.first?.contains("demo/old:1") == true)
        #expect(names(fixture) == ["new", "theirs"])
        let folder = shelf.folder(of: "demo")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["new.gguf"])
    }

    @Test func `for an owner of the gateway other tenants' models go too`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        _ = try await shelf.makeRoom(for: 400, request(isOwner: true))
        #expect(names(fixture) == ["new", "old"])
    }

    @Test func `what a deployment uses stays, however long ago that was`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        let store = fixture.controlPlane.store
        _ = try await store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat"))
        var deployment = DeploymentDefinition(
            tenant: "demo",
            endpoint: "chat",
            name: "blue",
            serving: .native(NativeDefinition())
        )
        deployment.model = ModelReference(name: "old", version: "1")
        _ = try await store.putDeployment(deployment)
        _ = try await shelf.makeRoom(for: 400, request())
        #expect(names(fixture) == ["old", "theirs"])
    }

    @Test func `where removing all would not do nothing is removed`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        await #expect(throws: ModelPullProblem.self) { try await shelf.makeRoom(for: 1000, request()) }
        #expect(names(fixture) == ["new", "old", "theirs"])
        // What was refused holds no room.
        #expect(try await shelf.makeRoom(for: 100, request("2")).isEmpty)
    }

    @Test func `two downloads do not count on the same room`() async throws {
        let (fixture, shelf) = try await scene(limit: 1700)
        #expect(try await shelf.makeRoom(for: 400, request("1")).isEmpty)
        #expect(try await shelf.makeRoom(for: 400, request("2")).count == 1)
        await shelf.end("1", "")
        #expect(try await shelf.makeRoom(for: 400, request("3")).isEmpty)
        #expect(names(fixture) == ["new", "theirs"])
    }

    @Test func `the disk is never filled`() async throws {
        let (_, shelf) = try await scene(limit: nil, free: 1 << 30)
        #expect(try await shelf.makeRoom(for: 600 << 20, request("1")).isEmpty)
        do {
            _ = try await shelf.makeRoom(for: 600 << 20, request("2"))
            Issue.record("there is no room")
        } catch {
            #expect(error.code == .noRoom && error.message.contains("free"))
        }
    }

    @Test func `what is left of failed downloads goes before any model does`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        let partial = "\(shelf.folder(of: "demo"))/partial"
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
        for name in ["left", "open"] { try Data(count: 50).write(to: URL(fileURLWithPath: "\(partial)/\(name)")) }
        await shelf.begin("\(partial)/open")
        #expect(try await shelf.makeRoom(for: 50, request()).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: partial) == ["open"])
        #expect(names(fixture) == ["new", "old", "theirs"])
    }
}
