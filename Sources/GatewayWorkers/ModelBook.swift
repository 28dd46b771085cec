import Dispatch
import Foundation
import Synchronization

/// A model's file, as far as its memory is concerned.
struct ModelFile: Sendable {
    /// Bytes.
    let size: Int64
    /// `nil` when it cannot be read: then the file's size alone counts, and the worker says what is wrong.
    let header: ModelHeader?

    func need(of specification: WorkerSpecification, on placement: Placement) -> MemoryNeed {
        MemoryNeed(file: size, header: header, of: specification, on: placement)
    }

    func deviceNeed(of specification: WorkerSpecification) -> DeviceNeed {
        DeviceNeed(file: size, header: header, of: specification)
    }
}

/// What is known of model files, each read once as long as it stays the same, and never by who asks.
final class ModelBook: Sendable {
    /// What is different when a file is.
    private struct Version: Equatable {
        let size: Int64
        let changed: Date
        let inode: UInt64

        init?(path: String) {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let size = (attributes[.size] as? NSNumber)?.int64Value,
                let changed = attributes[.modificationDate] as? Date
            else { return nil }
            self.size = size
            self.changed = changed
            inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        }
    }

    private struct Entry {
        let version: Version
        /// `nil` while its first version is read; while a later one is, that of the version before.
        var model: ModelFile?
        var isBeingRead = true
    }

    private static let mostEntries = 1000

    private let read: @Sendable (_ path: String, _ size: Int64) -> ModelHeader?
    private let entries = Mutex<[String: Entry]>([:])
    /// A disk that does not answer holds up its own files alone.
    private let queue = DispatchQueue(label: "model headers", attributes: .concurrent)

    /// - Parameter read: blocks; `nil` for what is no good model.
    init(
        read: @escaping @Sendable (_ path: String, _ size: Int64) -> ModelHeader? = { ModelHeader(path: $0, size: $1) }
    ) {
        self.read = read
    }

    /// - Returns: `nil` when there is no such file, and while its first version is read.
    func model(of specification: WorkerSpecification) -> ModelFile? { entry(of: specification)?.model }

    /// Whether a file is new or has changed, and will be known soon.
    func isBeingRead(_ specification: WorkerSpecification) -> Bool {
        entry(of: specification)?.isBeingRead ?? false
    }

    /// Asks for no more of the disk than how the file stands.
    private func entry(of specification: WorkerSpecification) -> Entry? {
        // A link leads to the file that the worker will open.
        let path = URL(fileURLWithPath: specification.modelPath).resolvingSymlinksInPath().path
        guard let version = Version(path: path) else { return nil }
        let (entry, isNew) = entries.withLock { entries in
            let known = entries[path]
            // One that is written at this moment is another at every look: it is read once at a time.
            if let known, known.version == version || known.isBeingRead { return (known, false) }
            if entries.count >= Self.mostEntries { entries = [:] }
            let entry = Entry(version: version, model: known?.model)
            entries[path] = entry
            return (entry, true)
        }
        if isNew { queue.async { self.note(version, of: path) } }
        return entry
    }

    private func note(_ version: Version, of path: String) {
        let model = ModelFile(size: version.size, header: read(path, version.size))
        entries.withLock { entries in
            entries[path] = Entry(version: version, model: model, isBeingRead: false)
        }
    }
}
