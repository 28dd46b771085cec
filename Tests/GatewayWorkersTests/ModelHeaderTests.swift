import Foundation
import GatewayCore
import Testing

@testable import GatewayWorkers

@Suite struct ModelHeaderTests {
    /// A header with these values; numbers are 32 bits wide.
    private static func file(
        _ values: [(String, Any)],
        magic: String = "GGUF",
        tensors: [(name: String, shape: [Int], type: Int, offset: Int)] = []
    ) -> Data {
        func number(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8((value >> ($0 * 8)) & 255) } }
        func text(_ value: String) -> [UInt8] { number(value.utf8.count, 8) + Array(value.utf8) }
        var bytes = Array(magic.utf8) + number(3, 4) + number(tensors.count, 8) + number(values.count, 8)
        for (name, value) in values {
            bytes += text(name)
            switch value {
            case let value as Int: bytes += number(4, 4) + number(value, 4)
            case let value as String: bytes += number(8, 4) + text(value)
            case let value as [Int]:
                bytes += number(9, 4) + number(4, 4) + number(value.count, 8) + value.flatMap { number($0, 4) }
            case let value as [String]:
                bytes += number(9, 4) + number(8, 4) + number(value.count, 8) + value.flatMap(text)
            default: Issue.record("not a value: \(value)")
            }
        }
        for tensor in tensors {
            bytes += text(tensor.name) + number(tensor.shape.count, 4) + tensor.shape.flatMap { number($0, 8) }
            bytes += number(tensor.type, 4) + number(tensor.offset, 8)
        }
        return Data(bytes)
    }

    /// Two layers, the tokens' weights and no output; Q4_0 but for the norm.
    private static let tensors: [(name: String, shape: [Int], type: Int, offset: Int)] = [
        ("token_embd.weight", [64, 3], 2, 0), ("blk.0.attn_q.weight", [64, 64], 2, 1 << 20),
        ("output_norm.weight", [64], 0, 6 << 20), ("blk.1.attn_q.weight", [64, 64], 2, 3 << 20),
    ]

    private static var values: [(String, Any)] {
        [
            ("general.architecture", "llama"), ("llama.block_count", 30), ("llama.embedding_length", 576),
            ("llama.attention.head_count", 9), ("llama.attention.head_count_kv", 3), ("llama.context_length", 8192),
            ("tokenizer.ggml.tokens", ["a", "b", "c"]),
        ]
    }

    @Test func `the cache's size per token follows from layers, heads and width`() {
        let header = ModelHeader(Self.file(Self.values))
        // 30 layers, 3 heads of 64 for keys and as much for values, two bytes each.
        #expect(header?.bytesPerToken == Int64(30 * 3 * 128 * 2))
        #expect(header?.context == 8192 && header?.vocabulary == 3)
    }

    @Test func `of a number for every layer the greatest counts`() {
        let values = Self.values.map { $0.0.hasSuffix("head_count_kv") ? ($0.0, [1, 3, 2] as Any) : $0 }
        #expect(ModelHeader(Self.file(values))?.bytesPerToken == Int64(30 * 3 * 128 * 2))
    }

    @Test func `an embedding model needs one cache for all slots, an encoder logits in each`() throws {
        func need(_ family: String, slots: Int, _ more: [(String, Any)] = []) throws -> Int64 {
            let values = Self.values.map { name, value -> (String, Any) in
                let name = name.replacingOccurrences(of: "llama.", with: "\(family).")
                return (name, value as? String == "llama" ? family : value)
            }
            var specification = WorkerSpecification(id: "a", modelPath: "m", modelName: "m")
            (specification.slots, specification.context) = (slots, 1000)
            let header = try #require(ModelHeader(Self.file(values + more)))
            return MemoryNeed(file: 1, header: header, of: specification).own
        }
        let pooling: [(String, Any)] = [("bert.pooling_type", 1)]
        #expect(try need("bert", slots: 8, pooling) == need("bert", slots: 1, pooling))
        #expect(try need("bert", slots: 8) > need("bert", slots: 1))
        #expect(try need("t5", slots: 8) - need("llama", slots: 8) == Int64(8000 - 512) * 3 * 4)
    }

    @Test func `what is cut short or says nonsense is no header and no crash`() {
        let whole = Self.file(Self.values)
        for length in 0..<whole.count - 1 { #expect(ModelHeader(whole.prefix(length)) == nil) }
        #expect(ModelHeader(Self.file(Self.values, magic: "GGML")) == nil)
        #expect(ModelHeader(Self.file([("general.architecture", "llama")])) == nil)
        var endless = whole
        endless.replaceSubrange(16..<24, with: Data(repeating: 255, count: 8))
        #expect(ModelHeader(endless) == nil)
        #expect(ModelHeader(path: "/no/such/file", size: 0) == nil)
    }

    @Test func `what a worker needs is its file, its slots' cache and what computing takes`() throws {
        let header = try #require(ModelHeader(Self.file(Self.values)))
        var specification = WorkerSpecification(id: "a", modelPath: "m", modelName: "m")
        specification.slots = 2
        let usual = MemoryNeed(file: 7, header: header, of: specification)
        specification.context = 1024
        let short = MemoryNeed(file: 7, header: header, of: specification)
        #expect(usual.file == 7 && usual.own - short.own == 2 * (4096 - 1024) * header.bytesPerToken)
        #expect(MemoryNeed(file: 7, header: nil, of: specification).own < short.own)
    }

    @Test func `a tensor has all bytes up to the next one, the last one up to the file's end`() throws {
        let bytes = Self.file(Self.values, tensors: Self.tensors)
        let begin = Int64((bytes.count + 31) / 32 * 32)
        let repacking = Repacking(features: ["avx2"])
        let real = try #require(ModelHeader(bytes, size: begin + (7 << 20), repacking: repacking)?.weights)
        #expect(real.input == 1 << 20 && real.largestLayer == 3 << 20 && real.output == (1 << 20) + (1 << 20))
        #expect(real.repacked == 5 << 20 && real.repackedOfFile == 5 << 20 && real.onGPU == 7 << 20)
        // A file that ends early has less, and never a negative size.
        let short = try #require(ModelHeader(bytes, size: begin + (2 << 20), repacking: repacking)?.weights)
        #expect(short.input == 1 << 20 && short.onGPU == 2 << 20 && short.repacked == 1 << 20)
        #expect(ModelHeader(bytes, size: 0)?.weights?.onGPU == 0)
        #expect(ModelHeader(bytes.dropLast(3))?.weights == nil && ModelHeader(bytes.dropLast(3))?.context == 8192)
    }

    @Test func `what is repacked is each worker's own, the rest of the file is shared`() throws {
        let bytes = Self.file(Self.values, tensors: Self.tensors)
        let size = Int64((bytes.count + 31) / 32 * 32) + (7 << 20)
        var specification = WorkerSpecification(id: "a", modelPath: "m", modelName: "m")
        specification.slots = 1
        let plain = MemoryNeed(file: size, header: ModelHeader(bytes, size: size), of: specification)
        let modern = ModelHeader(bytes, size: size, repacking: Repacking(features: ["avx2"]))
        let repacked = MemoryNeed(file: size, header: modern, of: specification)
        #expect(plain.file == size && repacked.file == size - (5 << 20) && repacked.own == plain.own + (5 << 20))
    }

    @Test func `on a GPU weights and cache are the GPU's, and the machine keeps what is looked up`() throws {
        let bytes = Self.file(Self.values, tensors: Self.tensors)
        let size = Int64((bytes.count + 31) / 32 * 32) + (7 << 20)
        let header = try #require(ModelHeader(bytes, size: size))
        var specification = WorkerSpecification(id: "a", modelPath: "m", modelName: "m")
        (specification.slots, specification.context) = (2, 1024)
        let cache = 2048 * header.bytesPerToken
        let need = DeviceNeed(file: size, header: header, of: specification)
        #expect(need.divisible == (7 << 20) + cache && need.piece == (3 << 20) + cache / 30)
        #expect(need.each > 256 << 20 && need.alone == need.divisible + need.each)
        let share = Placement.Share(name: "CUDA0", part: 1, bytes: need.alone)
        let host = MemoryNeed(file: size, header: header, of: specification, on: .devices([share]))
        let onCPU = MemoryNeed(file: size, header: header, of: specification)
        #expect(host.file == 0 && host.own < 512 << 20 && onCPU.own > cache)
        var integrated = share
        integrated.isIntegrated = true
        let both = MemoryNeed(file: size, header: header, of: specification, on: .devices([integrated]))
        #expect(both.own == host.own + need.alone)
        #expect(DeviceNeed(file: 9, header: nil, of: specification).divisible == 9)
    }

    @Test func `whatever a header claims, what it needs is a number that can be added up`() throws {
        let absurd = Self.values.map { name, value -> (String, Any) in
            switch name {
            case "llama.block_count", "llama.attention.head_count", "llama.attention.head_count_kv": (name, 65_535)
            case "llama.embedding_length": (name, 16_777_215)
            default: (name, value)
            }
        }
        let header = try #require(ModelHeader(Self.file(absurd + [("llama.attention.key_length", 16_777_215)])))
        var specification = WorkerSpecification(id: "a", modelPath: "m", modelName: "m")
        (specification.slots, specification.context) = (64, 4_194_304)
        let need = MemoryNeed(file: 7, header: header, of: specification)
        #expect(need.own > 1 << 40 && need.own < 1 << 52)
        let admission = MemoryAdmission(available: { 1 << 40 }, need: { _, _ in need }, own: { _ in 1 << 40 })
        let holders = (0..<500).map { MemoryAdmission.Holder(specification: specification, process: $0) }
        #expect(admission.refusal(of: specification, beside: holders) != nil)
    }

    @Test func `a long text is passed over and not kept`() throws {
        let long = String(repeating: "x", count: 100_000)
        let header = ModelHeader(Self.file([("general.description", long)] + Self.values))
        #expect(header?.context == 8192)
        #expect(ModelHeader(Self.file([("general.architecture", long)] + Self.values.dropFirst())) == nil)
    }
}

extension ModelHeader {
    /// - Parameters:
    ///   - bytes: the file's first ones.
    ///   - size: of the whole file; left out, those are all.
    fileprivate init?(_ bytes: Data, size: Int64? = nil, repacking: Repacking = .none) {
        let all = [UInt8](bytes)
        var reader = HeaderReader(size: UInt64(all.count), bound: GGUFHeader.bound) { offset, count in
            Array(all[Int(offset)...].prefix(count))
        }
        self.init(&reader, size: size ?? Int64(all.count), repacking: repacking)
    }
}
