import Foundation
import Synchronization

/// Decides whether one more worker fits into memory, beside those that run and what they are yet to fill.
///
/// The kernel counts a mapped model file as memory that it can give away, and a worker that loads has not taken its memory
/// yet: so what each worker is entitled to is held against what there would be without any of them.
package struct MemoryAdmission: Sendable {
    /// A worker that is there.
    struct Holder: Sendable {
        let specification: WorkerSpecification
        /// `nil` when it has not started yet.
        let process: Int32?
    }

    /// Admits everything.
    package static let unbounded = MemoryAdmission(available: { nil }, need: { _ in nil }, own: { _ in nil })

    /// By this machine's memory, its control group's limit, and the files' own headers.
    package static var ofThisMachine: MemoryAdmission {
        let book = NeedBook()
        return MemoryAdmission(
            available: { MachineMemory.available() },
            need: { book.need(of: $0) },
            own: { ProcessMemory.of($0)?.own }
        )
    }

    private let available: @Sendable () -> Int64?
    private let need: @Sendable (WorkerSpecification) -> MemoryNeed?
    private let own: @Sendable (Int32) -> Int64?

    /// - Parameters:
    ///   - available: bytes that can be had now; `nil` = not known, everything is admitted.
    ///   - need: what a worker takes; `nil` = not known.
    ///   - own: bytes that a process has for itself alone.
    init(
        available: @escaping @Sendable () -> Int64?,
        need: @escaping @Sendable (WorkerSpecification) -> MemoryNeed?,
        own: @escaping @Sendable (Int32) -> Int64?
    ) {
        self.available = available
        self.need = need
        self.own = own
    }

    /// Why it must not start; `nil` when it may.
    func refusal(of specification: WorkerSpecification, beside holders: [Holder]) -> MemoryRefusal? {
        guard let available = available(), let need = need(specification) else { return nil }
        var files: Set<String> = []
        var held: Int64 = 0
        var taken: Int64 = 0
        for holder in holders {
            let own = holder.process.flatMap(own) ?? 0
            taken += own
            guard let entitled = self.need(holder.specification) else {
                held += own
                continue
            }
            held += max(entitled.own, own)
            // However many workers map a file, it is in memory once.
            if files.insert(holder.specification.modelPath).inserted { held += entitled.file }
        }
        let missing = need.own + (files.contains(specification.modelPath) ? 0 : need.file)
        let free = available + taken - held
        guard missing > free else { return nil }
        return MemoryRefusal(need: need, missing: missing, free: max(0, free), workers: holders.count)
    }
}

/// What a worker takes of memory, in bytes; an estimate.
package struct MemoryNeed: Sendable, Equatable {
    /// The model's file, which workers share.
    package var file: Int64
    /// The cache of keys and values of its slots, and what computing needs.
    package var own: Int64
}

/// Why a worker is not started.
package struct MemoryRefusal: Sendable, Equatable, CustomStringConvertible {
    let need: MemoryNeed
    /// What it would take in addition to what is there.
    let missing: Int64
    let free: Int64
    let workers: Int

    /// The numbers change all the time; a refusal is the same while nothing else has changed.
    package static func == (one: MemoryRefusal, other: MemoryRefusal) -> Bool {
        one.need == other.need && one.missing == other.missing && one.workers == other.workers
    }

    package var description: String {
        """
        it needs \(Self.mebibytes(missing)) MiB of memory (model file \(Self.mebibytes(need.file)), context and \
        buffers \(Self.mebibytes(need.own))) and \(Self.mebibytes(free)) MiB are free beside \(workers) workers; lower slots or \
        context, or free memory
        """
    }

    private static func mebibytes(_ bytes: Int64) -> Int64 { (bytes + MemorySize.mebibyte - 1) / MemorySize.mebibyte }
}

/// Reads needs from files, each once as long as it stays the same.
private final class NeedBook: Sendable {
    private struct Entry {
        let size: Int64
        let changed: Date
        let header: ModelHeader?
    }

    private let entries = Mutex<[String: Entry]>([:])

    func need(of specification: WorkerSpecification) -> MemoryNeed? {
        let path = specification.modelPath
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let size = (attributes[.size] as? NSNumber)?.int64Value,
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        let known = entries.withLock { $0[path] }
        if let known, known.size == size, known.changed == changed {
            return MemoryNeed(file: size, header: known.header, of: specification)
        }
        let header = ModelHeader(path: path)
        entries.withLock { entries in
            if entries.count >= 1000 { entries = [:] }
            entries[path] = Entry(size: size, changed: changed, header: header)
        }
        return MemoryNeed(file: size, header: header, of: specification)
    }
}

extension MemoryNeed {
    /// The engine's steps take so many tokens at most, and each may have a row of logits.
    private static let step: Int64 = 512
    private static let base: Int64 = 64 << 20
    /// What a worker takes of a model's context where nothing is said.
    private static let usualContext = 4096
    /// No need is greater: what a file's header claims may be anything, and needs are added up.
    private static let most: Int64 = 1 << 50

    /// - Parameter header: `nil` when it cannot be read: then the file alone counts, and the worker says what is wrong.
    init(file: Int64, header: ModelHeader?, of specification: WorkerSpecification) {
        self.file = file
        guard let header else {
            own = Self.base
            return
        }
        let context = Int64(specification.context ?? min(header.context, Self.usualContext))
        let slots = Int64(specification.slots ?? 4)
        let tokens = header.kind == .embedding ? context : context * slots
        // An encoder gives a row of logits for every token of its text, in each slot.
        let rows = header.kind == .encoderDecoder ? max(tokens, Self.step) : Self.step
        let (cache, isTooLarge) = tokens.multipliedReportingOverflow(by: header.bytesPerToken)
        let logits = min(rows * header.vocabulary * 4, Self.most)
        own = Self.base + (isTooLarge ? Self.most : min(cache, Self.most)) + logits
    }
}
