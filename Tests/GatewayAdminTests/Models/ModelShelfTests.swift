import Crypto
import Foundation
import GatewayCore
import GatewayStore
import Logging
import Synchronization
import Testing

@testable import GatewayAdmin

/// A shelf with the pulled models `old` and `new` of `demo` and `theirs` of `other`, each of 400 bytes.
private final class Scene {
    private let fixture: AdminFixture
    let store: Store
    let shelf: ModelShelf
    private let workers = WorkerFiles()

    init(limit: Int64?, free: Int64? = nil) async throws {
        fixture = try await AdminFixture()
        store = fixture.controlPlane.store
        for tenant in ["demo", "other"] { _ = try await store.putTenant(TenantDefinition(name: tenant)) }
        shelf = ModelShelf(
            root: fixture.folder.appendingPathComponent("models").path,
            limit: limit,
            store: store,
            freeBytes: { _ in free },
            filesInUse: { [workers] in workers.paths.withLock { $0 } },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await add("old", "demo", usedAt: 100)
        try await add("new", "demo", usedAt: 300)
        try await add("theirs", "other", usedAt: 50)
    }

    var root: URL { fixture.folder }
    var names: [String] { store.definitions.models.map(\.name).sorted() }

    /// Registers a pulled model, last used then.
    private func add(_ name: String, _ tenant: String, usedAt: Int64) async throws {
        let path = try write(path(name, tenant), bytes: 400)
        _ = try await store.registerModel(
            ModelRegistration(
                tenant: tenant,
                name: name,
                path: path,
                sha256: String(repeating: "a", count: 64),
                size: 400,
                source: "https://models.example.com/\(name)"
            )
        )
        store.noteModelUses([path], at: usedAt)
    }

    /// As pulled files are called.
    func path(_ name: String, _ tenant: String = "demo") -> String {
        "\(shelf.folder(of: tenant))/\(Self.digest(name)).gguf"
    }

    /// As parts are called.
    func part(_ name: String, _ tenant: String = "demo") -> String {
        "\(shelf.folder(of: tenant))/partial/\(Self.digest(name).prefix(32))"
    }

    /// - Parameter age: how many seconds ago it was changed.
    @discardableResult
    func write(_ path: String, bytes: Int, age: TimeInterval = 0) throws -> String {
        let url = URL(fileURLWithPath: path)
        let files = FileManager.default
        try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(count: bytes).write(to: url)
        try files.setAttributes([.modificationDate: Date().addingTimeInterval(-age)], ofItemAtPath: path)
        return path
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Gives the file of `old` another name.
    func alias(_ alias: String) async throws {
        let known = try store.model("demo", ModelReference(name: "old", version: nil))
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

    /// A native deployment with a model.
    func deploy(_ model: String) async throws {
        _ = try await store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat"))
        let serving = Serving.native(NativeDefinition())
        var deployment = DeploymentDefinition(tenant: "demo", endpoint: "chat", name: "blue", serving: serving)
        deployment.model = ModelReference(name: model, version: "1")
        _ = try await store.putDeployment(deployment)
    }

    /// Forgets a model as who removes it does.
    func forget(_ name: String) async throws {
        let model = try store.model("demo", ModelReference(name: name, version: nil))
        try await store.forgetModel("demo", name, "1")
        await shelf.removeFile(of: model)
    }

    /// What workers have.
    func run(_ paths: String...) { workers.paths.withLock { $0 = Set(paths) } }

    /// - Returns: what was removed.
    func makeRoom(_ bytes: Int64, _ id: String = "1", isOwner: Bool = false) async throws -> [String] {
        try await shelf.makeRoom(for: bytes, ModelRoomRequest(operation: id, tenant: "demo", isOwner: isOwner))
    }

    private static func digest(_ name: String) -> String { FileDigest.text(of: SHA256.hash(data: Data(name.utf8))) }
}

private final class WorkerFiles: Sendable {
    let paths = Mutex<Set<String>>([])
}

@Suite struct ModelShelfTests {
    @Test func `what was used longest ago goes first, the tenant's own only`() async throws {
        let scene = try await Scene(limit: 1300)
        let told = try await scene.makeRoom(400)
        #expect(told.count == 1 && told.first?.contains("demo/old:1") == true)
        #expect(scene.names == ["new", "theirs"])
        #expect(!scene.exists(scene.path("old")) && scene.exists(scene.path("new")))
    }

    @Test func `for an owner of the gateway other tenants' models go too, after the tenant's own`() async throws {
        let scene = try await Scene(limit: 1300)
        _ = try await scene.makeRoom(700, isOwner: true)
        #expect(scene.names == ["theirs"])
        _ = try await scene.makeRoom(1000, isOwner: true)
        #expect(scene.names.isEmpty)
    }

    @Test func `what a deployment uses stays, however long ago that was`() async throws {
        let scene = try await Scene(limit: 1300)
        try await scene.deploy("old")
        _ = try await scene.makeRoom(400)
        #expect(scene.names == ["old", "theirs"])
    }

    @Test func `what a worker of earlier settings still has stays, whatever its deployment names now`() async throws {
        let scene = try await Scene(limit: 1300)
        scene.run(scene.path("old"))
        _ = try await scene.makeRoom(400)
        #expect(scene.names == ["old", "theirs"] && scene.exists(scene.path("old")))
        // It does not count as what could go.
        await #expect(throws: ModelPullProblem.self) { try await scene.makeRoom(800) }
        scene.run()
        _ = try await scene.makeRoom(800)
        #expect(scene.names == ["theirs"])
    }

    @Test func `a file that is removed while a worker has it goes when that has ended`() async throws {
        let scene = try await Scene(limit: nil)
        scene.run(scene.path("old"))
        try await scene.forget("old")
        await scene.shelf.removeLate()
        await scene.shelf.sweep()
        #expect(scene.exists(scene.path("old")))
        scene.run()
        await scene.shelf.removeLate()
        #expect(!scene.exists(scene.path("old")))
    }

    @Test func `where removing all would not do nothing is removed`() async throws {
        let scene = try await Scene(limit: 1300)
        let part = try scene.write(scene.part("left"), bytes: 50)
        await #expect(throws: ModelPullProblem.self) { try await scene.makeRoom(1000) }
        #expect(scene.names == ["new", "old", "theirs"] && scene.exists(part))
        // What was refused holds no room.
        #expect(try await scene.makeRoom(50, "2").isEmpty)
    }

    @Test func `two downloads do not count on the same room`() async throws {
        let scene = try await Scene(limit: 1700)
        #expect(try await scene.makeRoom(400, "1").isEmpty)
        #expect(try await scene.makeRoom(400, "2").count == 1)
        await scene.shelf.end("1", "")
        #expect(try await scene.makeRoom(400, "3").isEmpty)
        #expect(scene.names == ["new", "theirs"])
    }

    @Test func `the disk is never filled`() async throws {
        let scene = try await Scene(limit: nil, free: 1 << 30)
        #expect(try await scene.makeRoom(600 << 20, "1").isEmpty)
        do {
            _ = try await scene.makeRoom(600 << 20, "2")
            Issue.record("there is no room")
        } catch let problem as ModelPullProblem {
            #expect(problem.code == .noRoom && problem.message.contains("free"))
        }
    }

    @Test func `what the tenant's own failed downloads have left goes before any model does`() async throws {
        let scene = try await Scene(limit: 1300)
        let (left, open) = (scene.part("left"), scene.part("open"))
        for part in [left, open] { try scene.write(part, bytes: 50) }
        try scene.write(left + ".json", bytes: 1)
        await scene.shelf.begin(open)
        #expect(try await scene.makeRoom(50) == ["removed what a pull that was cut has left, to make room"])
        #expect(!scene.exists(left) && !scene.exists(left + ".json") && scene.exists(open))
        #expect(scene.names == ["new", "old", "theirs"])
    }

    @Test func `another tenant's part stays while one's own models do, and for a day in any case`() async throws {
        let scene = try await Scene(limit: 1400)
        let stale = try scene.write(scene.part("stale", "other"), bytes: 50, age: 86_500)
        let fresh = try scene.write(scene.part("fresh", "other"), bytes: 50, age: 80_000)
        _ = try await scene.makeRoom(800)
        #expect(scene.names == ["theirs"] && scene.exists(stale) && scene.exists(fresh))
        _ = try await scene.makeRoom(940)
        #expect(!scene.exists(stale) && scene.exists(fresh))
        await #expect(throws: ModelPullProblem.self) { try await scene.makeRoom(990) }
        #expect(scene.exists(fresh))
    }

    @Test func `where the disk is short of room models go as over the limit, and the refusal says the numbers`()
        async throws
    {
        let scene = try await Scene(limit: nil, free: ModelShelf.spare + 100)
        await #expect {
            _ = try await scene.makeRoom(2000)
        } throws: { error in
            let text = "\(error)"
            return text.contains("2 KiB are still to come") && text.contains("would give 800 bytes")
                && text.contains("1.9 KiB are missing")
        }
        #expect(scene.names == ["new", "old", "theirs"])
        let told = try await scene.makeRoom(400)
        #expect(told == ["removed demo/old:1, which no deployment uses, to make room"])
        #expect(scene.names == ["new", "theirs"])
    }

    @Test func `a file with two names is counted once`() async throws {
        let scene = try await Scene(limit: 1300)
        try await scene.alias("alias")
        // 900 bytes are missing, and the two files of the tenant have 800.
        await #expect(throws: ModelPullProblem.self) { try await scene.makeRoom(1000) }
        #expect(scene.names == ["alias", "new", "old", "theirs"])
        let told = try await scene.makeRoom(400)
        #expect(told == ["removed demo/old:1 and demo/alias:1, which no deployment uses, to make room"])
        #expect(scene.names == ["new", "theirs"])
    }

    @Test func `a file stays while one of its names is used`() async throws {
        let scene = try await Scene(limit: 1300)
        try await scene.alias("alias")
        try await scene.deploy("alias")
        _ = try await scene.makeRoom(400)
        #expect(scene.names == ["alias", "old", "theirs"])
        #expect(scene.exists(scene.path("old")))
    }

    @Test func `a file goes with its last name`() async throws {
        let scene = try await Scene(limit: nil)
        try await scene.alias("alias")
        for (name, isThere) in [("old", true), ("alias", false)] {
            try await scene.forget(name)
            #expect(scene.exists(scene.path("old")) == isThere)
        }
    }

    @Test func `at the start files that nobody names go, and nothing else of the folder does`() async throws {
        let scene = try await Scene(limit: nil)
        let folder = scene.shelf.folder(of: "demo")
        let uploads = scene.root.appendingPathComponent("models/demo/files/pulled").path
        let (left, fresh) = (scene.part("left"), scene.part("fresh"))
        let gone = [scene.path("lost"), left, left + ".json"]
        let long = ["\(folder)/partial/mine", fresh]
        let kept = [
            scene.path("old"), "\(folder)/README", "\(folder)/own.gguf", "\(folder)/sub/x.gguf",
            "\(uploads)/\(URL(fileURLWithPath: scene.path("lost")).lastPathComponent)", fresh + ".json",
        ]
        for path in gone + long { try scene.write(path, bytes: 9, age: 7 * 86_400 + 9) }
        for path in kept { try scene.write(path, bytes: 9) }
        await scene.shelf.sweep()
        #expect(gone.filter(scene.exists).isEmpty)
        #expect((kept + long).filter { !scene.exists($0) }.isEmpty)
    }

    @Test func `a file that a pull has placed stays although its last name goes before it is registered`() async throws
    {
        let scene = try await Scene(limit: nil)
        let (path, part) = (scene.path("old"), scene.part("again"))
        for path in [part, part + ".json"] { try scene.write(path, bytes: 400) }
        try await scene.shelf.place(part, as: path)
        #expect(!scene.exists(part) && !scene.exists(part + ".json"))
        try await scene.forget("old")
        await scene.shelf.sweep()
        #expect(scene.exists(path))
        // The pull that has placed it fails.
        await scene.shelf.settle(path)
        #expect(!scene.exists(path))
    }
}
