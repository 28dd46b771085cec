import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct ModelHeaderTests {
    /// What was read of a file, and how much at once.
    private final class Reads {
        var largest = 0
        var sum = 0
    }

    private func header(_ bytes: [UInt8], size: UInt64? = nil, reads: Reads = Reads()) throws -> ModelHeader {
        var reader = HeaderReader(size: size ?? UInt64(bytes.count), bound: GGUFHeader.bound) { offset, count in
            reads.largest = max(reads.largest, count)
            reads.sum += count
            guard offset < UInt64(bytes.count) else { return [] }
            return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
        }
        return try ModelHeader(&reader)
    }

    private func problem(_ bytes: [UInt8], size: UInt64? = nil) -> String? {
        do {
            _ = try header(bytes, size: size)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a header tells what its model is`() throws {
        let found = try header(GGUFBytes.model())
        #expect(found.format == .gguf && found.architecture == "llama" && found.name == "SmallOne")
        #expect(found.quantisation == "Q4_K_M" && found.parameters == 264 && found.contextLength == 2048)
        #expect(found.tokenizer == "gpt2" && found.vocabulary == 3)
        #expect(found.hasChatTemplate && found.chatTemplate == "{{ messages }}" && found.kind == .decoder)
    }

    @Test func `without a file type the tensors' own tells the quantisation`() throws {
        #expect(try header(GGUFBytes.model(fileType: nil)).quantisation == "Q4_0")
    }

    @Test(arguments: [
        ("llama", ModelHeader.Kind.decoder), ("bert", .embedding), ("nomic-bert", .embedding), ("t5", .encoderDecoder),
        ("t5encoder", .embedding),
    ])
    func `the kind follows from the architecture`(architecture: String, kind: ModelHeader.Kind) throws {
        #expect(try header(GGUFBytes.model(architecture)).kind == kind)
    }

    @Test func `a decoder with a pooling layer gives vectors`() throws {
        var file = GGUFBytes(entries: 2)
        file.entry("general.architecture", "qwen3")
        file.entry("qwen3.pooling_type", 3)
        #expect(try header(file.bytes).kind == .embedding)
    }

    @Test func `a file that ends before its tensors do is cut off`() {
        let bytes = Array(GGUFBytes.model().dropLast())
        #expect(problem(bytes)?.contains("cut off") == true)
    }

    @Test func `each beginning of a header is too short, and none traps`() {
        let bytes = GGUFBytes.model()
        for count in 4..<(bytes.count - 192) { #expect(problem(Array(bytes[..<count])) != nil) }
    }

    @Test func `counts and lengths that no file can have are refused before anything is kept for them`() {
        var list = GGUFBytes(entries: 1)
        list.add("general.tags")
        list.add(UInt32(9))
        list.add(UInt32(8))
        list.add(UInt64.max)
        var numbers = GGUFBytes(entries: 1)
        numbers.add("general.tags")
        numbers.add(UInt32(9))
        numbers.add(UInt32(12))
        numbers.add(UInt64.max / 8)
        var text = GGUFBytes(entries: 1)
        text.add("general.name")
        text.add(UInt32(8))
        text.add(UInt64.max)
        var key = GGUFBytes(entries: 1)
        key.add(UInt64.max)
        var tensor = GGUFBytes(tensors: 1, entries: 1)
        tensor.entry("general.architecture", "llama")
        tensor.tensor("t", [UInt64.max, UInt64.max], type: 0, offset: 0)
        var offset = GGUFBytes(tensors: 1, entries: 1)
        offset.entry("general.architecture", "llama")
        offset.tensor("t", [1], type: 0, offset: UInt64.max)
        let hostile = [
            list.bytes, numbers.bytes, text.bytes, key.bytes, tensor.bytes, offset.bytes,
            GGUFBytes(tensors: UInt64.max).bytes, GGUFBytes(entries: UInt64.max).bytes,
        ]
        for bytes in hostile { #expect(problem(bytes) != nil) }
    }

    @Test func `a list of lists is refused and so has no depth`() {
        var file = GGUFBytes(entries: 1)
        file.add("general.tags")
        file.add(UInt32(9))
        file.add(UInt32(9))
        file.add(UInt64(1))
        #expect(problem(file.bytes)?.contains("list of lists") == true)
    }

    @Test(arguments: [UInt32(0), 1, 4, 0x0300_0000])
    func `another version is refused by its number`(version: UInt32) {
        #expect(problem(GGUFBytes(version: version).bytes)?.contains("\(version)") == true)
    }

    @Test func `mutated headers never trap, and are never read far or at once`() {
        var random = Seeded(state: 20_261_129)
        let model = GGUFBytes.model()
        var good = 0
        for _ in 0..<20_000 {
            var bytes = model
            for _ in 0...Int.random(in: 0..<6, using: &random) {
                let place = Int.random(in: 4..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = 0xff
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                default: bytes.removeLast(min(bytes.count - 24, Int.random(in: 0..<40, using: &random)))
                }
            }
            // A file that claims to be larger than its beginning gives the counts more room.
            let size = Bool.random(using: &random) ? UInt64(bytes.count) : UInt64(1) << 40
            let reads = Reads()
            if (try? header(bytes, size: size, reads: reads)) != nil { good += 1 }
            #expect(reads.largest <= 64 << 10 && reads.sum < 4 << 20)
        }
        // Some changes hit only names and text: the test is not all about one early refusal.
        #expect((100..<19_000).contains(good))
    }

    @Test func `other formats are known by their first bytes`() {
        func format(_ bytes: [UInt8], size: Int64 = 4096) -> ModelFormat { ModelFormat(prefix: bytes, size: size) }
        #expect(format(Array("GGUF".utf8)) == .gguf)
        #expect(format([40, 1, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")]) == .safetensors)
        #expect(format([40, 1, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")], size: 100) == .unknown)
        #expect(format([8, 8, 0x12, 7, 112, 121, 116, 111, 114]) == .onnx)
        #expect(format(Array("<html>".utf8)) == .unknown)
        #expect(format([]) == .unknown)
    }

    @Test func `a file of another format, a broken one and none are refused in words`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("header-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func refusal(_ bytes: [UInt8]) throws -> String? {
            let file = folder.appendingPathComponent("file")
            try Data(bytes).write(to: file)
            return ModelHeader.refusal(path: file.path)
        }
        #expect(try refusal(GGUFBytes.model()) == nil)
        #expect(try refusal([8, 8, 0x12, 7, 112]) == "is ONNX, not GGUF")
        #expect(try refusal(Array("a page".utf8)) == "is not GGUF")
        #expect(try refusal([]) == "is not GGUF")
        #expect(try refusal(Array(GGUFBytes.model().prefix(90)))?.hasPrefix("is no good GGUF: it ends") == true)
        #expect(ModelHeader.refusal(path: folder.appendingPathComponent("none").path) == "cannot be read")
    }
}
