import Testing

@testable import GatewayWorkers

/// What each worker has for itself of a model's weights, and what it shares.
@Suite struct RepackingTests {
    private static func tensor(_ name: String, _ type: Int64, _ shape: [Int64] = [64, 64], _ size: Int64 = 10)
        -> ModelWeights.Tensor
    {
        ModelWeights.Tensor(name: name, shape: shape, type: type, size: size)
    }

    private static let modern = Repacking(cpuinfo: "processor\t: 0\nflags\t\t: fpu avx2 avx512f fma\n")

    @Test(arguments: [
        (2, "avx2", true), (2, "sse4_2", false), (12, "avx2", true), (20, "avx2", true), (39, "avx2", true),
        (10, "avx2", false), (10, "avx2 avx512f", true), (3, "avx2 avx512f", false), (8, "avx2 avx512f", false),
        (3, "amx_int8", true), (8, "amx_int8", true), (8, "asimd asimddp", true), (13, "asimddp", true),
        (0, "avx2", false), (1, "amx_int8", false),
    ])
    func `a type is repacked where the engine has a kernel for it`(type: Int, flags: String, isRepacked: Bool) {
        let line = flags.hasPrefix("asimd") ? "Features\t: \(flags)" : "flags\t\t: \(flags)"
        let repacking = Repacking(cpuinfo: "x: y\n\(line)\n")
        #expect(repacking.takes(Self.tensor("blk.0.attn_q.weight", Int64(type))) == isRepacked)
    }

    @Test func `only matrices with enough rows are, and experts`() {
        #expect(!Self.modern.takes(Self.tensor("blk.0.attn_q.weight", 2, [64, 60])))
        #expect(!Self.modern.takes(Self.tensor("blk.0.attn_q.weight", 2, [64])))
        #expect(!Self.modern.takes(Self.tensor("blk.0.attn_k_b.weight", 2, [64, 64, 8])))
        #expect(Self.modern.takes(Self.tensor("blk.0.ffn_up_exps.weight", 2, [64, 64, 8])))
        #expect(Repacking(cpuinfo: "").types.isEmpty && Repacking.none.types.isEmpty)
    }

    private static let tensors = [
        tensor("token_embd.weight", 2, [64, 64], 100), tensor("blk.0.attn_q.weight", 2, [64, 64], 30),
        tensor("blk.0.ffn.weight", 0, [64, 64], 7), tensor("blk.1.attn_q.weight", 2, [64, 64], 20),
        tensor("output_norm.weight", 0, [64], 1),
    ]

    @Test func `weights go by layers; the tokens' are looked up, and are the output too where there is no other`() {
        let tied = ModelWeights(Self.tensors, isTied: true, repacking: Self.modern)
        #expect(tied.input == 100 && tied.output == 101 && tied.largestLayer == 37)
        #expect(tied.onGPU == 158 && tied.repacked == 150 && tied.repackedOfFile == 50)
        let encoder = ModelWeights(Self.tensors, isTied: false, repacking: Self.modern)
        #expect(encoder.onGPU == 58 && encoder.output == 1 && encoder.repacked == 50)
        let own = Self.tensors + [Self.tensor("output.weight", 2, [64, 64], 90)]
        let untied = ModelWeights(own, isTied: true, repacking: Self.modern)
        #expect(untied.onGPU == 148 && untied.output == 91 && untied.repacked == 140 && untied.repackedOfFile == 140)
    }
}
