import Foundation
import GatewayCore
package import GatewayStore
package import Logging

/// The files of pulled models: `TENANT/pulled/SHA256.gguf` below the folder `models:`, and what is being fetched in
/// `TENANT/pulled/partial`; keeps them under the limit, and the disk from running full.
package actor ModelShelf {
    let limit: Int64?
    let store: Store
    let freeBytes: @Sendable (_ folder: String) -> Int64?
    private let filesInUse: @Sendable () -> Set<String>
    let logger: Logger
    let root: String
    /// Bytes that downloads under way will still write, by operation.
    var reserved: [String: Int64] = [:]
    /// Partial files that are being written.
    private var open: Set<String> = []
    /// Files that are whole and not registered yet: how many pulls are about to.
    private var placed: [String: Int] = [:]
    /// Files that nothing names, and that a worker of earlier settings still has.
    private var late: Set<String> = []

    /// - Parameters:
    ///   - root: the folder `models:`, which no other gateway has.
    ///   - limit: bytes of all pulled models; `nil` = as many as the disk has.
    ///   - freeBytes: of the file system of a folder.
    ///   - filesInUse: paths of models that workers have open or may open again, those of earlier settings too.
    package init(
        root: String,
        limit: Int64?,
        store: Store,
        freeBytes: @escaping @Sendable (_ folder: String) -> Int64? = ModelShelf.freeBytes,
        filesInUse: @escaping @Sendable () -> Set<String> = { [] },
        logger: Logger
    ) {
        self.root = URL(fileURLWithPath: root).standardizedFileURL.path
        self.limit = limit
        self.store = store
        self.freeBytes = freeBytes
        self.filesInUse = filesInUse
        self.logger = logger
    }

    /// Where the pulled files of a tenant are.
    nonisolated func folder(of tenant: String) -> String { "\(root)/\(tenant)/pulled" }

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

    /// Puts what was fetched in its place, at once, where it stays until `settle` although nobody names it yet.
    ///
    /// The note beside it goes last: who is stopped in between goes on with what is there.
    func place(_ partial: String, as path: String) throws(ModelPullProblem) {
        guard unsafe rename(partial, path) == 0 else {
            throw ModelPullProblem(.failed, "the file cannot be put in place as \(path)")
        }
        try? FileManager.default.removeItem(atPath: ShelfFile.note(of: partial))
        placed[ShelfFile.identity(path), default: 0] += 1
    }

    /// The pull that has placed the file is over; without a model that names it the file goes.
    func settle(_ path: String) {
        let identity = ShelfFile.identity(path)
        placed[identity] = (placed[identity] ?? 1) > 1 ? (placed[identity] ?? 1) - 1 : nil
        removeUnlessNamed(path)
    }

    /// Removes the file of a model that is registered no more, where it was pulled and no other model has it.
    ///
    /// While a worker of earlier settings still has it, it stays; `removeLate` removes it.
    func removeFile(of model: ModelDefinition) {
        guard isPulled(model.path) else { return }
        removeUnlessNamed(model.path)
    }

    /// Removes what could not go while a worker had it.
    func removeLate() {
        for path in late { removeUnlessNamed(path) }
    }

    /// Removes what was left when the gateway was killed: files that were pulled and that no model names, and parts that
    /// nobody has gone on with for a week; nothing else in the folder, each with a line in the log.
    func sweep(at now: Date = Date()) {
        sweepModels()
        for part in parts() where now.timeIntervalSince(part.changed) > ShelfPart.longestPause {
            remove(part.files, because: "the pull that it is a part of was not gone on with for a week")
        }
    }

    /// Removes the files that were pulled and that neither a model names nor a worker has.
    func sweepModels() {
        let kept = namedFiles().union(heldFiles())
        let files = files().filter { $0.kind == .model && !kept.contains(ShelfFile.identity($0.path)) }
        remove(files, because: "no model names it")
    }

    /// What is left of downloads that nobody goes on with at the moment.
    func parts() -> [ShelfPart] {
        Dictionary(grouping: files().filter { $0.kind == .part }) { ShelfFile.part(of: $0.path) }
            .map { ShelfPart(path: $0, files: $1) }
            .filter { !isOpen($0.path) }
    }

    /// Whether a pull is writing it.
    func isOpen(_ part: String) -> Bool { open.contains(part) }

    /// Whether the file is one that was pulled, and so the gateway's to remove.
    func isPulled(_ path: String) -> Bool {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = names.last, names.count > 3, path.hasPrefix("\(root)/") else { return false }
        return path == "\(folder(of: String(names[names.count - 3])))/\(name)" && ShelfFile.isModel(String(name))
    }

    /// Files that stay whatever names them: a pull has placed them and is about to register them, or a worker has them.
    func heldFiles() -> Set<String> { Set(placed.keys).union(filesInUse().map(ShelfFile.identity)) }

    /// Everything that lies where pulled files and their parts do.
    func files() -> [ShelfFile] {
        let tenants = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return tenants.flatMap { tenant in
            let folder = folder(of: tenant)
            return ShelfFile.all(in: folder, parts: false) + ShelfFile.all(in: "\(folder)/partial", parts: true)
        }
    }

    private func namedFiles() -> Set<String> { Set(store.definitions.models.map { ShelfFile.identity($0.path) }) }

    private func removeUnlessNamed(_ path: String) {
        let identity = ShelfFile.identity(path)
        late.remove(path)
        guard placed[identity] == nil, !namedFiles().contains(identity) else { return }
        guard !heldFiles().contains(identity) else {
            late.insert(path)
            return
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    func remove(_ files: [ShelfFile], because reason: String) {
        for file in files {
            do {
                try FileManager.default.removeItem(atPath: file.path)
                logger.info(
                    "file of a pulled model removed",
                    metadata: ["file": "\(file.path)", "reason": "\(reason)"]
                )
            } catch {
                logger.warning(
                    "file of a pulled model cannot be removed",
                    metadata: ["file": "\(file.path)", "reason": "\(error.localizedDescription)"]
                )
            }
        }
    }

    /// Of the file system that a folder, or the nearest above it that is there, is on.
    package static func freeBytes(_ folder: String) -> Int64? {
        var url = URL(fileURLWithPath: folder)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: url.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}

/// A file where pulled models lie.
struct ShelfFile: Sendable {
    /// What its name says that it is: what is called otherwise nobody but its owner removes.
    enum Kind: Sendable {
        /// `SHA256.gguf`
        case model
        /// `partial/…`, or the note beside it.
        case part
        case other
    }

    private static let endings = Set(ModelFormat.allCases.filter { $0 != .unknown }.map(\.rawValue))

    let path: String
    let size: Int64
    let changed: Date
    let kind: Kind

    /// The regular files of a folder.
    static func all(in folder: String, parts: Bool) -> [ShelfFile] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
            let path = "\(folder)/\(name)"
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                attributes[.type] as? FileAttributeType == .typeRegular
            else { return nil }
            return ShelfFile(
                path: path,
                size: (attributes[.size] as? NSNumber)?.int64Value ?? 0,
                changed: attributes[.modificationDate] as? Date ?? .distantFuture,
                kind: parts ? (isPart(name) ? .part : .other) : (isModel(name) ? .model : .other)
            )
        }
    }

    /// `SHA256.gguf`.
    static func isModel(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && isHex(parts[0], 64) && endings.contains(String(parts[1]))
    }

    /// The part itself, or its note.
    private static func isPart(_ name: String) -> Bool { isHex(part(of: name)[...], 32) }

    /// What a note is beside.
    static func part(of path: String) -> String { path.hasSuffix(".json") ? String(path.dropLast(5)) : path }

    /// Where the note of a part is.
    static func note(of part: String) -> String { part + ".json" }

    /// The same for every spelling of a path.
    static func identity(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// What is left of a download, with the note beside it.
struct ShelfPart: Sendable {
    /// Seconds after which a part that nobody has gone on with is given up.
    static let longestPause: TimeInterval = 7 * 86_400
    /// Seconds in which no other tenant takes its room: who was cut will ask again.
    static let shortestPause: TimeInterval = 86_400

    let path: String
    let files: [ShelfFile]

    var size: Int64 { files.reduce(0) { $0 + $1.size } }
    /// When it was last gone on with.
    var changed: Date { files.map(\.changed).max() ?? .distantFuture }
}
