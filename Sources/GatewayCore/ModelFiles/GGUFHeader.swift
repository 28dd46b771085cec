/// What the header of a GGUF file says of its model, as far as people choose by it, and workers need memory for it.
///
/// Versions 2 and 3, little-endian; the only reader of them. Everything in a file may be wrong.
package struct GGUFHeader: Sendable {
    /// How much of a file may be header: the largest vocabularies take some 20 MiB.
    package static let bound: UInt64 = 256 << 20
    private static let mostEntries: UInt64 = 65_536
    private static let mostTensors: UInt64 = 1 << 20
    static let longestName: UInt64 = 65_535
    /// Of a chat template; all other texts that are kept are words.
    private static let longestTemplate: UInt64 = 1 << 20
    private static let longestText: UInt64 = 4096
    /// A list with a number for every layer, of which the greatest is kept.
    private static let longestList: UInt64 = 4096
    private static let template = "tokenizer.chat_template"
    private static let kept: Set<String> = [
        "general.architecture", "general.name", "general.file_type", "general.alignment", "tokenizer.ggml.model",
        "tokenizer.ggml.tokens", template,
    ]
    /// Of keys that begin with the architecture.
    private static let keptEndings = [
        ".context_length", ".pooling_type", ".embedding_length", ".block_count", ".attention.head_count",
        ".attention.head_count_kv", ".attention.key_length", ".attention.value_length", ".vocab_size",
    ]

    /// A value that is kept.
    private enum Value {
        case number(UInt64)
        case text(String)
        /// A text too long to be kept, or something that has no meaning here.
        case other
        /// - Parameter greatest: of numbers for every layer.
        case list(count: UInt64, greatest: UInt64? = nil)
    }

    /// What the header says that follows: see `readTensors`.
    let tensors: UInt64
    private var values: [String: Value] = [:]

    /// Reads all but the list of tensors.
    ///
    /// - Throws: `ModelFileProblem` for what is no good header.
    package init(_ reader: inout HeaderReader) throws {
        guard try reader.bytes(4) == Array("GGUF".utf8) else { throw ModelFileProblem("it is not GGUF") }
        let version = try reader.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            throw ModelFileProblem("its version of GGUF is \(version); versions 2 and 3 can be read")
        }
        tensors = try reader.integer(UInt64.self)
        let entries = try reader.integer(UInt64.self)
        guard entries <= Self.mostEntries, tensors <= Self.mostTensors else {
            throw ModelFileProblem("its header claims \(tensors) tensors and \(entries) entries, which no model has")
        }
        for _ in 0..<entries { try readEntry(&reader) }
    }

    package func number(_ key: String) -> UInt64? {
        guard case .number(let number) = values[key] else { return nil }
        return number
    }

    /// A number, or the greatest where there is one for every layer.
    package func greatest(_ key: String) -> UInt64? {
        guard case .list(_, let greatest?) = values[key] else { return number(key) }
        return greatest
    }

    package func text(_ key: String) -> String? {
        guard case .text(let text) = values[key] else { return nil }
        return text
    }

    package func has(_ key: String) -> Bool { values[key] != nil }

    /// How many elements a list has.
    package func count(_ key: String) -> UInt64? {
        guard case .list(let count, _) = values[key] else { return nil }
        return count
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
        kept.contains(key) || keptEndings.contains { key.hasSuffix($0) }
    }

    /// - Parameter longest: bytes of a text that is kept.
    private func readValue(of type: UInt32, _ reader: inout HeaderReader, _ longest: UInt64) throws -> Value {
        switch type {
        case 0, 7: return .number(UInt64(try reader.integer(UInt8.self)))
        case 2: return .number(UInt64(try reader.integer(UInt16.self)))
        case 4: return .number(UInt64(try reader.integer(UInt32.self)))
        case 10: return .number(try reader.integer(UInt64.self))
        case 1: return Self.number(Int8(bitPattern: try reader.integer(UInt8.self)))
        case 3: return Self.number(Int16(bitPattern: try reader.integer(UInt16.self)))
        case 5: return Self.number(Int32(bitPattern: try reader.integer(UInt32.self)))
        case 11: return Self.number(Int64(bitPattern: try reader.integer(UInt64.self)))
        case 8: return try readText(&reader, longest)
        case 9: return try readList(&reader)
        default:
            try reader.skip(try Self.width(of: type))
            return .other
        }
    }

    private static func number(_ number: some SignedInteger) -> Value {
        UInt64(exactly: number).map(Value.number) ?? .other
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
        if type == 4 || type == 5, count <= Self.longestList {
            var greatest: UInt64 = 0
            for _ in 0..<count {
                if case .number(let number) = try readValue(of: type, &reader, 0) { greatest = max(greatest, number) }
            }
            return .list(count: count, greatest: greatest)
        }
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
}
