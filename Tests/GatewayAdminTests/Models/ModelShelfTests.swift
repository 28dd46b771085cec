import Crypto
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
        let path = "\(folder)/\(Self.fileName(name))"
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

    /// As pulled files are called.
    private static func fileName(_ name: String) -> String {
        FileDigest.text(of: SHA256.hash(data: Data(name.utf8))) + ".gguf"
    }

    /// As parts are called.
    private static func partName(_ name: String) -> String {
        String(FileDigest.text(of: SHA256.hash(data: Data(name.utf8))).prefix(32))
    }

    /// Gives the file of a model another name.
    private func alias(_ alias: String, of name: String, _ fixture: AdminFixture, _ shelf: ModelShelf) async throws {
        let store = fixture.controlPlane.store
        let known = try store.model("demo", ModelReference(name: name, version: nil))
        let registration = ModelRegistration(
            tenant: "demo",
            name: alias,
            path: known.path,
            sha256: known.sha256,
            size: known.size,
            source: known.source
        )
        _ = try await store.registerModel(registration)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

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
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [Self.fileName("new")])
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
        for name in ["left", "open"] {
            try Data(count: 50).write(to: URL(fileURLWithPath: "\(partial)/\(Self.partName(name))"))
        }
        await shelf.begin("\(partial)/\(Self.partName("open"))")
        #expect(try await shelf.makeRoom(for: 50, request()).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: partial) == [Self.partName("open")])
        #expect(names(fixture) == ["new", "old", "theirs"])
    }

    @Test func `where the disk is short of room models go as over the limit, and the refusal says the numbers`()
        async throws
    {
        let (fixture, shelf) = try await scene(limit: nil, free: ModelShelf.spare + 100)
        await #expect {
            try await shelf.makeRoom(for: 2000, request())
        } throws: { error in
            let text = "\(error)"
            return text.contains("2 KiB are still to come") && text.contains("would give 800 bytes")
                && text.contains("1.9 KiB are missing")
        }
        #expect(names(fixture) == ["new", "old", "theirs"])
        let told = try await shelf.makeRoom(for: 400, request())
        #expect(told == ["removed demo/old:1, which no deployment uses, to make room"])
        #expect(names(fixture) == ["new", "theirs"])
    }

    @Test func `a file with two names is counted once`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        try await alias("alias", of: "old", fixture, shelf)
        // 900 bytes are missing, and the two files of the tenant have 800.
        await #expect(throws: ModelPullProblem.self) { try await shelf.makeRoom(for: 1000, request()) }
        #expect(names(fixture) == ["alias", "new", "old", "theirs"])
        let told = try await shelf.makeRoom(for: 400, request())
        #expect(told == ["removed demo/old:1 and demo/alias:1, which no deployment uses, to make room"])
        #expect(names(fixture) == ["new", "theirs"])
    }

    @Test func `a file stays while one of its names is used`() async throws {
        let (fixture, shelf) = try await scene(limit: 1300)
        try await alias("alias", of: "old", fixture, shelf)
        let store = fixture.controlPlane.store
        _ = try await store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat"))
        var deployment = DeploymentDefinition(
            tenant: "demo",
            endpoint: "chat",
            name: "blue",
            serving: .native(NativeDefinition())
        )
        deployment.model = ModelReference(name: "alias", version: "1")
        _ = try await store.putDeployment(deployment)
        _ = try await shelf.makeRoom(for: 400, request())
        #expect(names(fixture) == ["alias", "old", "theirs"])
        #expect(exists("\(shelf.folder(of: "demo"))/\(Self.fileName("old"))"))
    }

    @Test func `a file goes with its last name`() async throws {
        let (fixture, shelf) = try await scene(limit: nil)
        try await alias("alias", of: "old", fixture, shelf)
        let path = "\(shelf.folder(of: "demo"))/\(Self.fileName("old"))"
        let store = fixture.controlPlane.store
        for (name, isThere) in [("old", true), ("alias", false)] {
            let model = try store.model("demo", ModelReference(name: name, version: nil))
            try await store.forgetModel("demo", name, "1")
            await shelf.removeFile(of: model)
            #expect(exists(path) == isThere)
        }
    }

    @Test func `at the start files that nobody names go, and nothing else of the folder does`() async throws {
        let (fixture, shelf) = try await scene(limit: nil)
        let (folder, files) = (shelf.folder(of: "demo"), FileManager.default)
        let uploads = fixture.folder.appendingPathComponent("models/demo/files/pulled").path
        for folder in ["\(folder)/partial", uploads, "\(folder)/sub"] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let (week, names) = (TimeInterval(7 * 86_400), [Self.partName("left"), Self.partName("fresh")])
        let gone = ["\(folder)/\(Self.fileName("lost"))"] + ["", ".json"].map { "\(folder)/partial/\(names[0])\($0)" }
        let kept =
            ["\(folder)/\(Self.fileName("old"))", "\(folder)/README", "\(folder)/own.gguf", "\(folder)/sub/x.gguf"]
            + ["\(uploads)/\(Self.fileName("lost"))", "\(folder)/partial/mine", "\(folder)/partial/\(names[1])"]
            + ["\(folder)/partial/\(names[1]).json"]
        for path in gone + kept { try Data(count: 9).write(to: URL(fileURLWithPath: path)) }
        let now = Date()
        for path in gone + ["\(folder)/partial/mine", "\(folder)/partial/\(names[1])"] {
            try files.setAttributes([.modificationDate: now.addingTimeInterval(-week - 9)], ofItemAtPath: path)
        }
        await shelf.sweep(at: now)
        #expect(gone.filter(exists).isEmpty)
        #expect(kept.filter { !exists($0) }.isEmpty)
    }

    @Test func `a file that a pull has placed stays although its last name goes before it is registered`() async throws
    {
        let (fixture, shelf) = try await scene(limit: nil)
        let (store, folder) = (fixture.controlPlane.store, shelf.folder(of: "demo"))
        try FileManager.default.createDirectory(atPath: "\(folder)/partial", withIntermediateDirectories: true)
        let (path, part) = ("\(folder)/\(Self.fileName("old"))", "\(folder)/partial/\(Self.partName("again"))")
        for path in [part, part + ".json"] { try Data(count: 400).write(to: URL(fileURLWithPath: path)) }
        let old = try store.model("demo", ModelReference(name: "old", version: nil))
        try await shelf.place(part, as: path)
        #expect(!exists(part) && !exists(part + ".json"))
        try await store.forgetModel("demo", "old", "1")
        await shelf.removeFile(of: old)
        await shelf.sweep()
        #expect(exists(path))
        // The pull that has placed it fails.
        await shelf.settle(path)
        #expect(!exists(path))
    }
}
