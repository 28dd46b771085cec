/// What kind of file a model is, by its own first bytes and not by its name.
package enum ModelFormat: String, Sendable, CaseIterable {
    /// The one that the embedded pool runs.
    case gguf
    case safetensors
    case onnx
    case unknown

    /// How many of a file's first bytes tell its format.
    static let prefixLength = 9

    /// How a sentence names it.
    package var words: String {
        switch self {
        case .gguf: "GGUF"
        case .safetensors: "safetensors"
        case .onnx: "ONNX"
        case .unknown: "of no known format"
        }
    }

    /// - Parameters:
    ///   - prefix: the first bytes, as many as there are of `prefixLength`.
    ///   - size: of the whole file.
    init(prefix: [UInt8], size: Int64) {
        if prefix.starts(with: "GGUF".utf8) {
            self = .gguf
        } else if Self.isSafetensors(prefix, size) {
            self = .safetensors
        } else if Self.isONNX(prefix) {
            self = .onnx
        } else {
            self = .unknown
        }
    }

    /// The length of a JSON header in eight bytes, then the header.
    private static func isSafetensors(_ prefix: [UInt8], _ size: Int64) -> Bool {
        guard prefix.count == prefixLength, prefix[8] == UInt8(ascii: "{") else { return false }
        let length = prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // The format's own bound for its header.
        return (2...100_000_000).contains(length) && length <= UInt64(max(0, size - 8))
    }

    /// A protocol buffer that begins with the version of its representation, a small number, and goes on with another of
    /// its fields: producer, domain, model version, text, graph or operator sets.
    private static func isONNX(_ prefix: [UInt8]) -> Bool {
        guard prefix.count >= 3, prefix[0] == 0x08, (1...32).contains(prefix[1]) else { return false }
        return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].contains(prefix[2])
    }
}
