/// What follows from a model's header; none of it is exact.
enum ModelMemory {
    /// The engine's steps take so many tokens at most, and each may have a row of logits.
    static let step: Int64 = 512
    /// A process, and what the engine keeps beside all else.
    static let base: Int64 = 64 << 20
    /// What a GPU's libraries take of the machine's memory.
    static let driver: Int64 = 256 << 20
    /// What a GPU's libraries take of the GPU; the list of devices was made by a process that had its own part of that.
    static let backend: Int64 = 256 << 20
    /// Rows as wide as the model that computing a step keeps at once, with the part between its layers.
    static let rows: Int64 = 16
    /// What a worker takes of a model's context where nothing is said.
    private static let usualContext = 4096
    /// No need is greater: what a file's header claims may be anything, and needs are added up.
    static let most: Int64 = 1 << 50

    /// Tokens that the context has room for; all requests to an embedding model share one.
    private static func tokens(_ header: ModelHeader, _ specification: WorkerSpecification) -> Int64 {
        let context = Int64(specification.context ?? min(header.context, usualContext))
        return header.kind == .embedding ? context : context * Int64(specification.slots ?? 4)
    }

    /// The cache of keys and values of all slots.
    static func cache(_ header: ModelHeader, _ specification: WorkerSpecification) -> Int64 {
        let (cache, isTooLarge) = tokens(header, specification).multipliedReportingOverflow(by: header.bytesPerToken)
        return isTooLarge ? most : min(cache, most)
    }

    /// An encoder gives a row for every token of its text, in each slot.
    static func logits(_ header: ModelHeader, _ specification: WorkerSpecification) -> Int64 {
        let count = header.kind == .encoderDecoder ? max(tokens(header, specification), step) : step
        return min(count * header.vocabulary * 4, most)
    }

    static func computing(_ header: ModelHeader, _ specification: WorkerSpecification) -> Int64 {
        logits(header, specification) + step * rows * header.width * 4
    }
}

extension MemoryNeed {
    /// - Parameters:
    ///   - file: the model file's size.
    ///   - header: `nil` when it cannot be read: then the file alone counts.
    init(
        file: Int64,
        header: ModelHeader?,
        of specification: WorkerSpecification,
        on placement: Placement = .host(reason: nil)
    ) {
        let shares = placement.shares
        guard shares.isEmpty else {
            // The file is read and not kept; only what a GPU has no use for stays, for this worker alone.
            self.file = 0
            own = ModelMemory.base + ModelMemory.driver + (header?.weights?.input ?? 0)
            own += header.map { ModelMemory.logits($0, specification) } ?? 0
            own += shares.reduce(0) { $1.isIntegrated ? $0 + min($1.bytes, ModelMemory.most) : $0 }
            return
        }
        guard let header else {
            (self.file, own) = (file, ModelMemory.base)
            return
        }
        let repacked = header.weights.map { min($0.repacked, file) } ?? 0
        // What is repacked is in each worker, and of the file only the rest is in use.
        self.file = file - (header.weights.map { min($0.repackedOfFile, file) } ?? 0)
        own = ModelMemory.base + ModelMemory.cache(header, specification) + ModelMemory.logits(header, specification)
        own += repacked
    }
}

extension DeviceNeed {
    /// - Parameters:
    ///   - file: the model file's size.
    ///   - header: `nil` when it cannot be read: then the file alone counts.
    init(file: Int64, header: ModelHeader?, of specification: WorkerSpecification) {
        guard let header else {
            self.init(divisible: file, piece: file, each: ModelMemory.backend)
            return
        }
        let cache = ModelMemory.cache(header, specification)
        let onGPU = header.weights.map { min($0.onGPU, ModelMemory.most) } ?? file
        let layer = (header.weights?.largestLayer ?? onGPU / header.layers) + cache / header.layers
        self.init(
            divisible: onGPU + cache,
            piece: min(max(layer, header.weights?.output ?? 0), onGPU + cache),
            each: ModelMemory.backend + ModelMemory.computing(header, specification)
        )
    }
}
