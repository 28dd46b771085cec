import Foundation

/// What a GGUF file's header says of the memory that its model needs.
struct ModelHeader: Sendable, Equatable {
    /// No header is longer: a vocabulary of a million words fits.
    private static let longest = 64 << 20

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
        guard let bytes = try? file.read(upToCount: Self.longest) else { return nil }
        self.init(bytes, size: size, repacking: .ofThisMachine)
    }

    /// - Parameters:
    ///   - bytes: the file's first ones.
    ///   - size: of the whole file; left out, those are all.
    init?(_ bytes: Data, size: Int64? = nil, repacking: Repacking = .none) {
        var reader = HeaderReader(bytes)
        guard let values = reader.values(), case .text(let family)? = values["general.architecture"] else { return nil }
        func number(_ name: String) -> Int64? {
            guard case .number(let value)? = values["\(family).\(name)"] else { return nil }
            return (1...1 << 32).contains(value) ? value : nil
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
        if case .count(let words)? = values["tokenizer.ggml.tokens"] {
            vocabulary = words
        } else {
            vocabulary = min(number("vocab_size") ?? 0, 1 << 24)
        }
        var alignment: Int64 = 32
        if case .number(let said)? = values["general.alignment"], (1...1 << 20).contains(said) { alignment = said }
        // Encoders have no output that tells tokens.
        let isTied = !family.contains("bert") && family != "t5encoder" && family != "gemma-embedding"
        weights = reader.tensors(of: size ?? Int64(bytes.count), alignment: alignment).map {
            ModelWeights($0, isTied: isTied, repacking: repacking)
        }
    }
}

/// Reads a GGUF file's table of values; everything in it may be wrong.
private struct HeaderReader {
    enum Value {
        case text(String)
        case number(Int64)
        /// A list's length.
        case count(Int64)
        case other
    }

    private static let mostValues = 100_000
    private static let mostWords = 1 << 24
    /// Longer names and texts have no meaning here, and are not kept.
    private static let longestText = 256
    private static let mostTensors = 1 << 17
    private let bytes: [UInt8]
    private var position = 0
    private var tensorCount: Int64 = 0

    init(_ data: Data) { bytes = Array(data) }

    mutating func values() -> [String: Value]? {
        guard take(4) == Array("GGUF".utf8), let version = unsigned(4), (2...3).contains(version),
            let tensors = unsigned(8), let count = unsigned(8), count <= Self.mostValues
        else { return nil }
        tensorCount = tensors
        var values: [String: Value] = [:]
        for _ in 0..<count {
            guard let name = text(), let type = unsigned(4), let value = value(type) else { return nil }
            if case .text(let name) = name { values[name] = value }
        }
        return values
    }

    /// What follows the values.
    ///
    /// A tensor has all bytes up to where the next one begins.
    mutating func tensors(of size: Int64, alignment: Int64) -> [ModelWeights.Tensor]? {
        guard (1...Int64(Self.mostTensors)).contains(tensorCount) else { return nil }
        var found: [(offset: Int64, tensor: ModelWeights.Tensor)] = []
        for _ in 0..<tensorCount {
            guard case .text(let name)? = text(), let dimensions = unsigned(4), (0...8).contains(dimensions) else {
                return nil
            }
            var shape: [Int64] = []
            for _ in 0..<dimensions {
                guard let length = unsigned(8) else { return nil }
                shape.append(length)
            }
            guard let type = unsigned(4), let offset = unsigned(8) else { return nil }
            found.append((offset, ModelWeights.Tensor(name: name, shape: shape, type: type, size: 0)))
        }
        let begin = (Int64(position) + alignment - 1) / alignment * alignment
        var end = max(0, size - begin)
        found.sort { $0.offset < $1.offset }
        for index in found.indices.reversed() {
            let start = min(found[index].offset, end)
            found[index].tensor.size = end - start
            end = start
        }
        return found.map(\.tensor)
    }

    private mutating func value(_ type: Int64) -> Value? {
        switch type {
        case 0, 1, 7: unsigned(1).map(Value.number)
        case 2, 3: unsigned(2).map(Value.number)
        case 4, 5: unsigned(4).map(Value.number)
        case 10, 11: unsigned(8).map(Value.number)
        case 6: take(4).map { _ in .other }
        case 12: take(8).map { _ in .other }
        case 8: text()
        case 9: list()
        default: nil
        }
    }

    private mutating func list() -> Value? {
        guard let type = unsigned(4), let count = unsigned(8), count <= Self.mostWords else { return nil }
        let widths: [Int64: Int] = [0: 1, 1: 1, 7: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 10: 8, 11: 8, 12: 8]
        if let width = widths[type] {
            // Some models say a number for every layer: the greatest counts.
            guard width == 4, type != 6, count <= 4096 else {
                return take(Int(count) * width).map { _ in .count(count) }
            }
            var most: Int64 = 0
            for _ in 0..<count {
                guard let number = unsigned(4) else { return nil }
                most = max(most, number)
            }
            return .number(most)
        }
        guard type == 8 else { return nil }
        for _ in 0..<count {
            guard let length = unsigned(8), take(Int(length)) != nil else { return nil }
        }
        return .count(count)
    }

    private mutating func text() -> Value? {
        guard let length = unsigned(8), let bytes = take(Int(length)) else { return nil }
        return length <= Self.longestText ? .text(String(decoding: bytes, as: UTF8.self)) : .other
    }

    /// - Returns: `nil` also for numbers that no length can be.
    private mutating func unsigned(_ width: Int) -> Int64? {
        guard let bytes = take(width) else { return nil }
        let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(exactly: value)
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= bytes.count - position else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
}
