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

/// Reads model files, each once as long as it stays the same.
final class ModelBook: Sendable {
    private struct Entry {
        let changed: Date
        let model: ModelFile
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// - Returns: `nil` when there is no such file.
    func model(of specification: WorkerSpecification) -> ModelFile? {
        let path = specification.modelPath
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let size = (attributes[.size] as? NSNumber)?.int64Value,
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        if let known = entries.withLock({ $0[path] }), known.model.size == size, known.changed == changed {
            return known.model
        }
        let model = ModelFile(size: size, header: ModelHeader(path: path, size: size))
        entries.withLock { entries in
            if entries.count >= 1000 { entries = [:] }
            entries[path] = Entry(changed: changed, model: model)
        }
        return model
    }
}
