import Foundation
import GatewayCore

/// What a model's file says of itself in its header.
package struct ModelHeader: Sendable, Equatable {
    /// What its model does with a prompt.
    package enum Kind: String, Sendable {
        /// Goes on with a text: chat and completion.
        case decoder
        /// Reads a text and writes another.
        case encoderDecoder = "encoder-decoder"
        /// Gives vectors.
        case embedding
    }

    package var format: ModelFormat
    /// `llama`, `bert`, `t5`; the following are `nil` for what is not GGUF, and where the header does not say it.
    package var architecture: String?
    /// As its makers call it.
    package var name: String?
    /// `Q4_K_M`.
    package var quantisation: String?
    package var parameters: UInt64?
    /// Tokens that the model was made for.
    package var contextLength: UInt64?
    /// Numbers of one token's vector.
    package var embeddingLength: UInt64?
    package var vocabulary: UInt64?
    /// `gpt2`, `llama`, `bert`: how text becomes tokens.
    package var tokenizer: String?
    package var hasChatTemplate = false
    /// `nil` too where it is over 1 MiB.
    package var chatTemplate: String?
    package var kind: Kind?

    /// Reads the header of a file; blocks.
    ///
    /// - Throws: `ModelFileProblem` when the file cannot be read, or its header not be right.
    package init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw ModelFileProblem("it cannot be read") }
        defer { try? file.close() }
        do {
            var reader = try HeaderReader(file, bound: GGUFHeader.bound)
            try self.init(&reader)
        } catch let problem as ModelFileProblem {
            throw problem
        } catch {
            throw ModelFileProblem("it cannot be read")
        }
    }

    /// The format alone, which a few bytes tell; `nil` for what is no readable file.
    package static func format(path: String) -> ModelFormat? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let size = try? file.seekToEnd(), (try? file.seek(toOffset: 0)) != nil else { return nil }
        // Of an empty file there is none.
        let prefix = (try? file.read(upToCount: ModelFormat.prefixLength)) ?? Data()
        return ModelFormat(prefix: [UInt8](prefix), size: Int64(clamping: size))
    }

    init(_ reader: inout HeaderReader) throws {
        let prefix = try reader.peek(ModelFormat.prefixLength)
        format = ModelFormat(prefix: prefix, size: Int64(clamping: reader.size))
        guard format == .gguf else { return }
        let header = try GGUFHeader(&reader)
        var sum = TensorSum()
        let start = try header.readTensors(&reader) { try sum.add($0) }
        try sum.check(from: start, size: reader.size)
        guard let architecture = header.text("general.architecture"), Self.isWord(architecture) else {
            throw ModelFileProblem("its header does not say its architecture")
        }
        self.architecture = architecture
        name = header.text("general.name").map { String($0.filter { !$0.isNewline && $0 >= " " }.prefix(256)) }
        quantisation = header.number("general.file_type").flatMap(FileType.name) ?? sum.commonType
        parameters = sum.parameters
        contextLength = header.number("\(architecture).context_length")
        embeddingLength = header.number("\(architecture).embedding_length")
        vocabulary = header.count("tokenizer.ggml.tokens")
        tokenizer = header.text("tokenizer.ggml.model").flatMap { Self.isWord($0) ? $0 : nil }
        hasChatTemplate = header.has("tokenizer.chat_template")
        chatTemplate = header.text("tokenizer.chat_template")
        kind = Self.kind(architecture, isPooling: header.number("\(architecture).pooling_type").map { $0 > 0 } ?? false)
    }

    /// Why the pool does not run a file, as the end of a sentence about it; `nil` when it may.
    package static func refusal(path: String) -> String? {
        guard format(path: path) != nil else { return "cannot be read" }
        do {
            let header = try ModelHeader(path: path)
            guard header.format != .gguf else { return nil }
            return header.format == .unknown ? "is not GGUF" : "is \(header.format.words), not GGUF"
        } catch {
            return "is no good GGUF: \(error)"
        }
    }

    /// Encoders without a decoder, which give nothing but vectors.
    private static let encoders: Set<String> = [
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert",
        "gemma-embedding", "t5encoder",
    ]

    private static func kind(_ architecture: String, isPooling: Bool) -> Kind {
        if encoders.contains(architecture) || isPooling { return .embedding }
        return architecture == "t5" ? .encoderDecoder : .decoder
    }

    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
