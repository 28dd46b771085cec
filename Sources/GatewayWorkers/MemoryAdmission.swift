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
        var placement = Placement.host(reason: nil)
    }

    /// Admits everything.
    package static let unbounded = MemoryAdmission(available: { nil }, need: { _, _ in nil }, own: { _ in nil })

    /// By this machine's memory, its control group's limit, and the files' own headers.
    package static var ofThisMachine: MemoryAdmission {
        let book = ModelBook()
        return MemoryAdmission(
            available: { MachineMemory.available() },
            need: { book.model(of: $0)?.need(of: $0, on: $1) },
            own: { ProcessMemory.of($0)?.own },
            deviceNeed: { book.model(of: $0)?.deviceNeed(of: $0) },
            isBeingRead: { book.isBeingRead($0) }
        )
    }

    private let available: @Sendable () -> Int64?
    private let need: @Sendable (WorkerSpecification, Placement) -> MemoryNeed?
    private let own: @Sendable (Int32) -> Int64?
    /// What a worker takes of GPUs that have all of its model; `nil` = not known.
    let deviceNeed: @Sendable (WorkerSpecification) -> DeviceNeed?
    /// Whether what a worker takes will be known soon: until then nothing can be decided that depends on it.
    let isBeingRead: @Sendable (WorkerSpecification) -> Bool

    /// - Parameters:
    ///   - available: bytes that can be had now; `nil` = not known, everything is admitted.
    ///   - need: what a worker takes of the machine's memory; `nil` = not known.
    ///   - own: bytes that a process has for itself alone.
    init(
        available: @escaping @Sendable () -> Int64?,
        need: @escaping @Sendable (WorkerSpecification, Placement) -> MemoryNeed?,
        own: @escaping @Sendable (Int32) -> Int64?,
        deviceNeed: @escaping @Sendable (WorkerSpecification) -> DeviceNeed? = { _ in nil },
        isBeingRead: @escaping @Sendable (WorkerSpecification) -> Bool = { _ in false }
    ) {
        self.available = available
        self.need = need
        self.own = own
        self.deviceNeed = deviceNeed
        self.isBeingRead = isBeingRead
    }

    /// Why it must not start; `nil` when it may.
    ///
    /// - Parameter gone: workers whose memory is taken as free.
    func refusal(
        of specification: WorkerSpecification,
        on placement: Placement = .host(reason: nil),
        beside holders: [Holder],
        without gone: [Holder] = []
    ) -> MemoryRefusal? {
        guard let available = available(), let need = need(specification, placement) else { return nil }
        var files: Set<String> = []
        var held: Int64 = 0
        var taken = gone.reduce(0) { $0 + ($1.process.flatMap(own) ?? 0) }
        for holder in holders {
            let own = holder.process.flatMap(own) ?? 0
            taken += own
            guard let entitled = self.need(holder.specification, holder.placement) else {
                held += own
                continue
            }
            held += max(entitled.own, own)
            // However many workers map a file, it is in memory once.
            guard entitled.file > 0, files.insert(holder.specification.modelPath).inserted else { continue }
            held += entitled.file
        }
        let missing = need.own + (files.contains(specification.modelPath) ? 0 : need.file)
        let free = available + taken - held
        guard missing > free else { return nil }
        return MemoryRefusal(
            need: need,
            missing: missing,
            free: max(0, free),
            workers: holders.count,
            placement: placement
        )
    }
}

/// What a worker takes of the machine's memory, in bytes; an estimate.
package struct MemoryNeed: Sendable, Equatable {
    /// What is mapped of the model's file, which workers on the CPU share.
    package var file: Int64
    /// The cache of keys and values of its slots, what computing needs, and weights that it has for itself.
    package var own: Int64
}

/// Why a worker is not started.
package struct MemoryRefusal: Sendable, Equatable, CustomStringConvertible {
    let need: MemoryNeed
    /// What it would take in addition to what is there.
    let missing: Int64
    let free: Int64
    let workers: Int
    var placement = Placement.host(reason: nil)

    /// The numbers change all the time; a refusal is the same while nothing else has changed.
    package static func == (one: MemoryRefusal, other: MemoryRefusal) -> Bool {
        one.need == other.need && one.missing == other.missing && one.workers == other.workers
    }

    package var description: String {
        """
        it needs \(Self.mebibytes(missing)) MiB of memory (model file \(Self.mebibytes(need.file)), context and \
        buffers \(Self.mebibytes(need.own))) and \(Self.mebibytes(free)) MiB are free beside \(workers) workers; lower slots or \
        context, or free memory\(placement.reason.map { "; on no GPU: \($0)" } ?? "")
        """
    }

    private static func mebibytes(_ bytes: Int64) -> Int64 { (bytes + MemorySize.mebibyte - 1) / MemorySize.mebibyte }
}
