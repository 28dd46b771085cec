/// Writes GGUF headers, good ones and others.
struct GGUFBytes {
    private(set) var bytes: [UInt8] = []

    init(version: UInt32 = 3, tensors: UInt64 = 0, entries: UInt64 = 0) {
        bytes += Array("GGUF".utf8)
        add(version)
        add(tensors)
        add(entries)
    }

    mutating func add<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }

    mutating func entry(_ key: String, _ text: String) {
        add(key)
        add(UInt32(8))
        add(text)
    }

    mutating func entry(_ key: String, _ number: UInt32) {
        add(key)
        add(UInt32(4))
        add(number)
    }

    mutating func entry(_ key: String, list: [String]) {
        add(key)
        add(UInt32(9))
        add(UInt32(8))
        add(UInt64(list.count))
        for text in list { add(text) }
    }

    mutating func entry(_ key: String, scores count: Int) {
        add(key)
        add(UInt32(9))
        add(UInt32(6))
        add(UInt64(count))
        bytes += [UInt8](repeating: 0, count: count * 4)
    }

    mutating func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32, offset: UInt64) {
        add(name)
        add(UInt32(dimensions.count))
        for dimension in dimensions { add(dimension) }
        add(type)
        add(offset)
    }

    mutating func pad(to alignment: Int = 32, and more: Int = 0) {
        while bytes.count % alignment != 0 { bytes.append(0) }
        bytes += [UInt8](repeating: 0, count: more)
    }

    /// A small model with all that a header tells.
    static func model(_ architecture: String = "llama", fileType: UInt32? = 15) -> [UInt8] {
        var file = GGUFBytes(tensors: 2, entries: fileType == nil ? 7 : 8)
        file.entry("general.architecture", architecture)
        file.entry("general.name", "Small\nOne")
        if let fileType { file.entry("general.file_type", fileType) }
        file.entry("\(architecture).context_length", 2048)
        file.entry("tokenizer.ggml.model", "gpt2")
        file.entry("tokenizer.ggml.tokens", list: ["a", "bc", ""])
        file.entry("tokenizer.ggml.scores", scores: 3)
        file.entry("tokenizer.chat_template", "{{ messages }}")
        file.tensor("token_embd.weight", [64, 4], type: 2, offset: 0)
        file.tensor("output.weight", [8], type: 0, offset: 160)
        file.pad(and: 192)
        return file.bytes
    }
}
