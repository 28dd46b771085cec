import Foundation
import GatewayCore
package import GatewayStore
package import Logging

/// The files of pulled models: `TENANT/pulled/SHA256.gguf` below the folder `models:`, and what is being fetched in
/// `TENANT/pulled/partial`; keeps them under the limit, and the disk from running full.
package actor ModelShelf {
    /// What the disk keeps free beside what is fetched.
    private static let spare: Int64 = 256 << 20

    private let root: String
    private let limit: Int64?
    private let store: Store
    private let freeBytes: @Sendable (_ folder: String) -> Int64?
    private let logger: Logger
    /// Bytes that downloads under way will still write, by operation.
    private var reserved: [String: Int64] = [:]
    /// Partial files that are being written.
    private var open: Set<String> = []

    /// - Parameters:
    ///   - root: the folder `models:`.
    ///   - limit: bytes of all pulled models; `nil` = as many as the disk has.
    ///   - freeBytes: of the file system of a folder.
    package init(
        root: String,
        limit: Int64?,
        store: Store,
        freeBytes: @escaping @Sendable (_ folder: String) -> Int64? = ModelShelf.freeBytes,
        logger: Logger
    ) {
        self.root = URL(fileURLWithPath: root).standardizedFileURL.path
        self.limit = limit
        self.store = store
        self.freeBytes = freeBytes
        self.logger = logger
    }

    /// Where the pulled files of a tenant are.
    nonisolated func folder(of tenant: String) -> String { "\(root)/\(tenant)/pulled" }

    /// Whether the file is one that was pulled, and so the gateway's to remove.
    nonisolated func owns(_ path: String) -> Bool { path.hasPrefix("\(root)/") && path.contains("/pulled/") }

    func begin(_ partial: String) { open.insert(partial) }

    /// The download is over: nothing more will be written.
    func end(_ operation: String, _ partial: String) {
        reserved[operation] = nil
        open.remove(partial)
    }

    /// The rest of a download is smaller than it was.
    func setRemaining(_ bytes: Int64, _ operation: String) {
        if reserved[operation] != nil { reserved[operation] = max(0, bytes) }
    }

    /// Makes room for a download's further bytes, or says why there is none; removes models that no deployment uses, those
    /// first whose last use is longest ago: the tenant's own, and others' only for an owner of the gateway.
    ///
    /// - Returns: what was removed, as sentences.
    func makeRoom(for bytes: Int64, _ request: ModelRoomRequest) async throws(ModelPullProblem) -> [String] {
        try checkDisk(bytes, request)
        // Before anything is awaited: of two downloads the later one sees the earlier.
        reserved[request.operation] = bytes
        do throws(ModelPullProblem) {
            return try await keepLimit(request)
        } catch {
            reserved[request.operation] = nil
            throw error
        }
    }

    private func checkDisk(_ bytes: Int64, _ request: ModelRoomRequest) throws(ModelPullProblem) {
        let others = reserved.filter { $0.key != request.operation }.values.reduce(0, +)
        guard let free = freeBytes(root) else { return }
        guard bytes > free - others - Self.spare else { return }
        throw ModelPullProblem(
            .noRoom,
            """
            \(ByteText.text(bytes)) are still to come, and \(root) has \(ByteText.text(max(0, free - others))) free, of \
            which \(ByteText.text(Self.spare)) stay free; make room on that disk, or name another folder with models:
            """
        )
    }

    private func keepLimit(_ request: ModelRoomRequest) async throws(ModelPullProblem) -> [String] {
        guard let limit else { return [] }
        var told: [String] = []
        var excess = used() - limit
        if excess > 0 {
            removePartials()
            excess = used() - limit
        }
        guard excess > 0 else { return told }
        let candidates = try await removable(by: request)
        guard candidates.reduce(0, { $0 + $1.size }) >= excess else { throw full(request, limit) }
        for model in candidates where excess > 0 {
            guard await remove(model) else { continue }
            told.append("removed \(model.resource), which no deployment uses, to make room")
            excess = used() - limit
        }
        guard excess <= 0 else { throw full(request, limit) }
        return told
    }

    private func full(_ request: ModelRoomRequest, _ limit: Int64) -> ModelPullProblem {
        let others = request.isOwner ? "" : " of \(request.tenant)"
        return ModelPullProblem(
            .noRoom,
            """
            pulled models may have \(ByteText.text(limit)) (models.limit), and removing all\(others) that no deployment uses \
            would not make room for this one; remove others with gatehouse models remove, or raise the limit
            """
        )
    }

    /// Bytes of all pulled files, and of those to come.
    private func used() -> Int64 {
        files().reduce(0) { $0 + $1.size } + reserved.values.reduce(0, +)
    }

    private func files() -> [(path: String, size: Int64)] {
        let tenants = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return tenants.flatMap { tenant -> [(path: String, size: Int64)] in
            let folder = folder(of: tenant)
            return [folder, "\(folder)/partial"].flatMap { folder in
                ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
                    let path = "\(folder)/\(name)"
                    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
                    guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
                    return (path, (attributes?[.size] as? NSNumber)?.int64Value ?? 0)
                }
            }
        }
    }

    /// What is left of downloads that have failed.
    private func removePartials() {
        for file in files() where file.path.contains("/pulled/partial/") {
            let part = file.path.hasSuffix(".json") ? String(file.path.dropLast(5)) : file.path
            if !open.contains(part) { try? FileManager.default.removeItem(atPath: file.path) }
        }
    }

    /// Those that no deployment uses, in the order in which they may go.
    private func removable(by request: ModelRoomRequest) async throws(ModelPullProblem) -> [ModelDefinition] {
        let definitions = store.definitions
        let uses: [String: Int64]
        do throws(StoreError) {
            uses = try await store.modelUses()
        } catch {
            throw ModelPullProblem(.failed, error.description)
        }
        return definitions.models.filter { model in
            model.source != nil && owns(model.path) && (request.isOwner || model.tenant == request.tenant)
                && model.sha256 != request.sha256
                && definitions.users(of: model.tenant, model.name, model.version).isEmpty
        }.sorted { (uses[$0.path] ?? 0, $0.resource) < (uses[$1.path] ?? 0, $1.resource) }
    }

    /// - Returns: whether it is gone; a deployment may have taken it up meanwhile.
    private func remove(_ model: ModelDefinition) async -> Bool {
        do {
            try await ChangeOrigin.$current.withValue(.gateway) {
                try await store.forgetModel(model.tenant, model.name, model.version)
            }
        } catch {
            return false
        }
        removeFile(of: model)
        logger.info("pulled model removed to make room", metadata: ["model": "\(model.resource)"])
        return true
    }

    /// Removes the file of a model that is registered no more, where it was pulled and no other model has it.
    func removeFile(of model: ModelDefinition) {
        guard model.source != nil, owns(model.path) else { return }
        guard !store.definitions.models.contains(where: { $0.path == model.path }) else { return }
        try? FileManager.default.removeItem(atPath: model.path)
    }

    /// Of the file system that a folder, or the nearest above it that is there, is on.
    package static func freeBytes(_ folder: String) -> Int64? {
        var url = URL(fileURLWithPath: folder)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: url.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}

/// Who wants room on the shelf.
struct ModelRoomRequest: Sendable {
    /// The operation's id.
    var operation: String
    var tenant: String
    /// Whether it is an owner of the whole gateway.
    var isOwner: Bool
    /// Of what is fetched, where it is known: a model with that content stays.
    var sha256: String?
}

/// Numbers of bytes as people read them.
package enum ByteText {
    /// `1.5 GiB`.
    package static func text(_ bytes: Int64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(max(0, bytes)), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        if unit == 0 { return "\(max(0, bytes)) bytes" }
        let tenths = Int64((value * 10).rounded())
        return tenths >= 1000 || tenths % 10 == 0
            ? "\((tenths + 5) / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// Reads `200GiB`, `500 MB`, `1TiB` or a number of bytes; `nil` for what is none.
    package static func bytes(_ text: String) -> Int64? {
        let factors: [(String, Int64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("kB", 1000), ("MB", 1_000_000),
            ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("", 1),
        ]
        guard let (unit, factor) = factors.first(where: { text.hasSuffix($0.0) }) else { return nil }
        let digits = text.dropLast(unit.count).trimmingSuffix { $0 == " " }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
            return nil
        }
        let product = number.multipliedReportingOverflow(by: factor)
        return product.overflow ? nil : product.partialValue
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isEnd: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, isEnd(last) { text = text.dropLast() }
        return text
    }
}
