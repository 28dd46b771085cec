import Foundation
import GatewayCore

/// What a GGUF file's header says of the memory that its model needs.
struct ModelHeader: Sendable, Equatable {
    /// What a worker's weights are counted of.
    private static let mostTensors = 1 << 17
    private static let mostWords: UInt64 = 1 << 24

    /// What its worker holds beside the model.
    enum Kind: Sendable {
        /// A cache for each slot.
        case decoder
        /// The same, and what an encoder has read.
        case encoderDecoder
        /// One step, in which the texts of all slots are.
        case embedding
    }

    let kind: Kind
    /// What the model was trained for, in tokens.
    let context: Int
    /// Of the cache of keys and values, in half precision.
    let bytesPerToken: Int64
    let vocabulary: Int64
    let layers: Int64
    /// Numbers that a token is between layers.
    let width: Int64
    /// `nil` where the list of tensors is empty or cannot be read.
    let weights: ModelWeights?

    /// - Parameter size: the file's, in bytes.
    /// - Returns: `nil` when the file is no GGUF file, or is damaged.
    init?(path: String, size: Int64) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard var reader = try? HeaderReader(file, bound: GGUFHeader.bound) else { return nil }
        self.init(&reader, size: size, repacking: .ofThisMachine)
    }

    /// - Parameter size: of the whole file, whatever of it can be read.
    init?(_ reader: inout HeaderReader, size: Int64, repacking: Repacking = .none) {
        guard let header = try? GGUFHeader(&reader), let family = header.text("general.architecture"),
            family.utf8.count <= 256
        else { return nil }
        func number(_ name: String) -> Int64? {
            header.greatest("\(family).\(name)").flatMap { (1...1 << 32).contains($0) ? Int64($0) : nil }
        }
        guard let layers = number("block_count"), layers < 1 << 16, let heads = number("attention.head_count"),
            heads < 1 << 16, let width = number("embedding_length"), width < 1 << 24
        else { return nil }
        (self.layers, self.width) = (layers, width)
        let groups = min(number("attention.head_count_kv") ?? heads, heads)
        let keys = min(number("attention.key_length") ?? width / heads, width)
        let valueLength = min(number("attention.value_length") ?? width / heads, width)
        kind = number("pooling_type") != nil ? .embedding : family == "t5" ? .encoderDecoder : .decoder
        context = Int(number("context_length") ?? 4096)
        bytesPerToken = layers * groups * (keys + valueLength) * 2
        let words = header.count("tokenizer.ggml.tokens") ?? header.number("\(family).vocab_size") ?? 0
        vocabulary = Int64(min(words, Self.mostWords))
        // Encoders have no output that tells tokens.
        let isTied = !family.contains("bert") && family != "t5encoder" && family != "gemma-embedding"
        weights = Self.tensors(header, &reader, size: size).map {
            ModelWeights($0, isTied: isTied, repacking: repacking)
        }
    }

    /// A tensor has all bytes up to where the next one begins.
    ///
    /// - Returns: `nil` where there is none, or what cannot be a list of them.
    private static func tensors(
        _ header: GGUFHeader,
        _ reader: inout HeaderReader,
        size: Int64
    ) -> [ModelWeights.Tensor]? {
        var found: [(offset: Int64, tensor: ModelWeights.Tensor)] = []
        let start = try? header.readTensors(&reader) { tensor in
            guard found.count < mostTensors else { throw ModelFileProblem("it has too many tensors") }
            let weights = ModelWeights.Tensor(
                name: tensor.name,
                shape: tensor.shape.map { Int64(clamping: $0) },
                type: Int64(tensor.type.code),
                size: 0
            )
            found.append((Int64(clamping: tensor.offset), weights))
        }
        guard let start, !found.isEmpty else { return nil }
        var end = max(0, size - Int64(clamping: start))
        found.sort { $0.offset < $1.offset }
        for index in found.indices.reversed() {
            let begin = min(found[index].offset, end)
            found[index].tensor.size = end - begin
            end = begin
        }
        return found.map(\.tensor)
    }
}
