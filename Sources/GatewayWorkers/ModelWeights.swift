import Foundation

/// Where the weights of a model's file go, in bytes.
struct ModelWeights: Sendable, Equatable {
    /// What is looked up for each token: it stays in the machine's memory whatever computes.
    var input: Int64 = 0
    /// What makes logits of the last layer's output; the engine has a second copy where a model has none of its own.
    var output: Int64 = 0
    /// All that GPUs take, the output included.
    var onGPU: Int64 = 0
    /// The largest of the layers.
    var largestLayer: Int64 = 0
    /// What the CPU backend changes into another order, in a copy that each worker has for itself.
    var repacked: Int64 = 0
    /// Of that, what is then not used of the file any more.
    var repackedOfFile: Int64 = 0

    /// One tensor of a file.
    struct Tensor: Equatable {
        var name: String
        var shape: [Int64]
        /// By the format's number.
        var type: Int64
        /// Bytes.
        var size: Int64
    }

    private static let inputs = [
        "token_embd.weight", "per_layer_token_embd.weight", "position_embd.weight", "token_types.weight",
    ]

    /// - Parameters:
    ///   - isTied: whether the input's tokens serve as output where there is no other.
    ///   - repacking: what this machine's CPU backend repacks.
    init(_ tensors: [Tensor], isTied: Bool, repacking: Repacking) {
        var layers: [Substring: Int64] = [:]
        for tensor in tensors {
            if Self.inputs.contains(tensor.name) {
                input += tensor.size
                continue
            }
            onGPU += tensor.size
            if let layer = Self.layer(of: tensor.name) {
                layers[layer, default: 0] += tensor.size
            } else {
                output += tensor.size
            }
            if repacking.takes(tensor) {
                repacked += tensor.size
                repackedOfFile += tensor.size
            }
        }
        largestLayer = layers.values.max() ?? 0
        guard isTied, !tensors.contains(where: { $0.name == "output.weight" }),
            let tokens = tensors.first(where: { $0.name == "token_embd.weight" })
        else { return }
        output += tokens.size
        onGPU += tokens.size
        if repacking.takes(tokens) { repacked += tokens.size }
    }

    /// `blk.7.` of `blk.7.attn_q.weight`; `nil` for what is in no layer.
    private static func layer(of name: String) -> Substring? {
        guard let start = name.range(of: "blk."), let dot = name[start.upperBound...].firstIndex(of: ".") else {
            return nil
        }
        return name[...dot]
    }
}

/// Which weights the engine's CPU backend repacks on a kind of processor.
///
/// As `ggml_repack_get_optimal_repack_type` and the AMX buffers of the pinned llama.cpp decide it, where its build uses all
/// that the processor has.
struct Repacking: Sendable, Equatable {
    /// Numbers of GGUF's types, each with what its number of rows must be divisible by.
    private(set) var types: [Int64: Int64] = [:]

    private static let (q40, q41, q80): (Int64, Int64, Int64) = (2, 3, 8)
    private static let (q2K, q4K, q5K, q6K): (Int64, Int64, Int64, Int64) = (10, 12, 13, 14)
    private static let (iq4NL, iq4XS, mxfp4, q10): (Int64, Int64, Int64, Int64) = (20, 23, 39, 41)

    static let none = Repacking(features: [])
    /// By what the kernel says of the first processor.
    static let ofThisMachine = Repacking(cpuinfo: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")

    /// Reads the text of `/proc/cpuinfo`.
    init(cpuinfo: String) {
        let line = cpuinfo.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") }
        let words = line?.split(separator: ":").last?.split(separator: " ") ?? []
        self.init(features: Set(words.map(String.init)))
    }

    /// - Parameter features: as `/proc/cpuinfo` spells them.
    init(features: Set<String>) {
        if features.contains("avx2") { add([Self.q40, Self.q4K, Self.iq4NL, Self.mxfp4], rows: 8) }
        if features.contains("avx512f") { add([Self.q2K], rows: 8) }
        if features.contains("amx_int8") {
            add([Self.q40, Self.q41, Self.q80, Self.q4K, Self.q5K, Self.q6K, Self.iq4XS], rows: 32)
        }
        if features.contains("asimddp") {
            add([Self.q40, Self.q80, Self.q10, Self.iq4NL, Self.mxfp4], rows: 4)
            add([Self.q4K, Self.q5K, Self.q6K], rows: 8)
        }
    }

    private mutating func add(_ added: [Int64], rows: Int64) {
        for type in added { types[type] = min(types[type] ?? rows, rows) }
    }

    /// Matrices that are multiplied with, of two dimensions or of experts in three.
    func takes(_ tensor: ModelWeights.Tensor) -> Bool {
        guard let rows = types[tensor.type], tensor.shape.count >= 2, tensor.shape[1] % rows == 0 else { return false }
        let isMatrix = tensor.shape.dropFirst(2).allSatisfy { $0 == 1 }
        return isMatrix || (tensor.shape.count == 3 && tensor.name.contains("_exps"))
    }
}
