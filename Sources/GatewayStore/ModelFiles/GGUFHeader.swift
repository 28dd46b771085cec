/// What the header of a GGUF file says of its model, as far as people choose and run models by it.
///
/// Versions 2 and 3, little-endian. Reads no tensor, and asks of each whether the file is long enough for it.
struct GGUFHeader {
    /// How much of a file may be header: the largest vocabularies take some 20 MiB.
    static let bound: UInt64 = 256 << 20
    private static let mostEntries: UInt64 = 65_536
    private static let mostTensors: UInt64 = 1 << 20
    private static let longestName: UInt64 = 65_535
    /// Of a chat template; all other texts that are kept are words.
    private static let longestTemplate: UInt64 = 1 << 20
    private static let longestText: UInt64 = 4096
    private static let template = "tokenizer.chat_template"
    private static let kept: Set<String> = [
        "general.architecture", "general.name", "general.file_type", "general.alignment", "tokenizer.ggml.model",
        "tokenizer.ggml.tokens", template,
    ]
    private static let mostDimensions: UInt32 = 4

    /// A value that is kept.
    private enum Value {
        case number(UInt64)
        case text(String)
        /// A text too long to be kept, or something that has no meaning here.
        case other
        case list(count: UInt64)
    }

    private var values: [String: Value] = [:]
    /// Numbers of all tensors.
    private(set) var parameters: UInt64 = 0
    private var countsByType: [TensorType: UInt64] = [:]

    /// - Throws: `ModelFileProblem` for what is no good header.
    init(_ reader: inout HeaderReader) throws {
        guard try reader.bytes(4) == Array("GGUF".utf8) else { throw ModelFileProblem("it is not GGUF") }
        let version = try reader.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            throw ModelFileProblem("its version of GGUF is \(version); versions 2 and 3 can be read")
        }
        let tensors = try reader.integer(UInt64.self)
        let entries = try reader.integer(UInt64.self)
        guard entries <= Self.mostEntries, tensors <= Self.mostTensors else {
            throw ModelFileProblem("its header claims \(tensors) tensors and \(entries) entries, which no model has")
        }
        for _ in 0..<entries { try readEntry(&reader) }
        try readTensors(tensors, &reader)
    }

    func number(_ key: String) -> UInt64? {
        guard case .number(let number) = values[key] else { return nil }
        return number
    }

    func text(_ key: String) -> String? {
        guard case .text(let text) = values[key] else { return nil }
        return text
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    /// How many elements a list has.
    func count(_ key: String) -> UInt64? {
        guard case .list(let count) = values[key] else { return nil }
        return count
    }

    /// Of the type of most of its numbers: `Q4_K`.
    var commonType: String? {
        countsByType.max { ($0.value, $1.key.code) < ($1.value, $0.key.code) }?.key.name
    }

    private mutating func readEntry(_ reader: inout HeaderReader) throws {
        let length = try reader.integer(UInt64.self)
        guard length <= Self.longestName else { throw ModelFileProblem("a name in its header is too long") }
        let key = String(decoding: try reader.bytes(Int(length)), as: UTF8.self)
        let longest = !Self.isWanted(key) ? 0 : key == Self.template ? Self.longestTemplate : Self.longestText
        let value = try readValue(of: try reader.integer(UInt32.self), &reader, longest)
        if longest > 0, values.count < 256 { values[key] = value }
    }

    private static func isWanted(_ key: String) -> Bool {
        kept.contains(key) || key.hasSuffix(".context_length") || key.hasSuffix(".pooling_type")
            || key.hasSuffix(".embedding_length")
    }

    /// - Parameter longest: bytes of a text that is kept.
    private func readValue(of type: UInt32, _ reader: inout HeaderReader, _ longest: UInt64) throws -> Value {
        switch type {
        case 0, 7: return .number(UInt64(try reader.integer(UInt8.self)))
        case 2: return .number(UInt64(try reader.integer(UInt16.self)))
        case 4: return .number(UInt64(try reader.integer(UInt32.self)))
        case 10: return .number(try reader.integer(UInt64.self))
        case 5:
            let number = Int32(bitPattern: try reader.integer(UInt32.self))
            return number < 0 ? .other : .number(UInt64(number))
        case 8: return try readText(&reader, longest)
        case 9: return try readList(&reader)
        default:
            try reader.skip(try Self.width(of: type))
            return .other
        }
    }

    private func readText(_ reader: inout HeaderReader, _ longest: UInt64) throws -> Value {
        let length = try reader.integer(UInt64.self)
        guard length <= longest else {
            try reader.skip(length)
            return .other
        }
        return .text(String(decoding: try reader.bytes(Int(length)), as: UTF8.self))
    }

    private func readList(_ reader: inout HeaderReader) throws -> Value {
        let type = try reader.integer(UInt32.self)
        let count = try reader.integer(UInt64.self)
        guard type != 9 else { throw ModelFileProblem("its header has a list of lists") }
        // A text has at least the eight bytes of its length.
        let width = type == 8 ? 8 : try Self.width(of: type)
        guard count <= reader.rest / width else { throw ModelFileProblem("it ends in the middle of its header") }
        if type == 8 {
            for _ in 0..<count { try reader.skip(try reader.integer(UInt64.self)) }
        } else {
            try reader.skip(count * width)
        }
        return .list(count: count)
    }

    /// Bytes of a value that has the same size always.
    private static func width(of type: UInt32) throws -> UInt64 {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 10, 11, 12: 8
        default: throw ModelFileProblem("its header has a value of the unknown type \(type)")
        }
    }

    private mutating func readTensors(_ count: UInt64, _ reader: inout HeaderReader) throws {
        var end: UInt64 = 0
        for _ in 0..<count { end = max(end, try readTensor(&reader)) }
        let alignment = number("general.alignment") ?? 32
        guard (1...(1 << 20)).contains(alignment), alignment & (alignment - 1) == 0 else {
            throw ModelFileProblem("the alignment of its tensors is \(alignment)")
        }
        let start = (reader.offset + alignment - 1) & ~(alignment - 1)
        let needed = start.addingReportingOverflow(end)
        guard count == 0 || (!needed.overflow && needed.partialValue <= reader.size) else {
            throw ModelFileProblem("it is cut off: its tensors go beyond its \(reader.size) bytes")
        }
    }

    /// - Returns: where the tensor ends, from the beginning of all of them.
    private mutating func readTensor(_ reader: inout HeaderReader) throws -> UInt64 {
        let length = try reader.integer(UInt64.self)
        guard length <= Self.longestName else { throw ModelFileProblem("a name in its header is too long") }
        try reader.skip(length)
        let dimensions = try reader.integer(UInt32.self)
        guard dimensions <= Self.mostDimensions else {
            throw ModelFileProblem("a tensor of it has \(dimensions) dimensions")
        }
        var elements: UInt64 = 1
        for _ in 0..<dimensions {
            let product = elements.multipliedReportingOverflow(by: try reader.integer(UInt64.self))
            guard !product.overflow else { throw ModelFileProblem("a tensor of it is larger than any can be") }
            elements = product.partialValue
        }
        let type = TensorType(code: try reader.integer(UInt32.self))
        let offset = try reader.integer(UInt64.self)
        let sum = parameters.addingReportingOverflow(elements)
        let end = offset.addingReportingOverflow(type.size(of: elements) ?? 0)
        guard !sum.overflow, !end.overflow else { throw ModelFileProblem("a tensor of it is larger than any can be") }
        parameters = sum.partialValue
        countsByType[type, default: 0] += elements
        return end.partialValue
    }
}
