import Foundation
import GatewayAPI
import Llama
import NIOCore

/// A request for the model, read from its body.
struct Inquiry {
    /// Which API was asked, and so how the answer is written.
    enum Form {
        case chat
        case completion
        case embeddings(EmbeddingRequest.Encoding)
        /// Hugging Face's, by what it asks for; `prompts` are given back where they are to stand before the answers.
        case generated(after: [String]?)
        case questionAnswer
        case vectors
    }

    let form: Form
    /// At least one; several are asked one after the other, and answered together.
    let prompts: [Prompt]
    let parameters: GenerationParameters
    /// Read here and not by the engine's thread, which has the answers of others to compute.
    let grammar: Grammar?

    /// - Parameter card: of the model that is to answer.
    init(chat body: ByteBuffer, _ card: ModelCard) throws(Refusal) {
        try Self.check(card.kind != .embedding, card)
        let request = try Self.read(ChatRequest.self, body)
        try self.init(.chat, [.chat(request.messages)], request.parameters)
    }

    init(completion body: ByteBuffer, _ card: ModelCard) throws(Refusal) {
        try Self.check(card.kind != .embedding, card)
        let request = try Self.read(CompletionRequest.self, body)
        try self.init(.completion, [.text(request.prompt)], request.parameters)
    }

    init(embeddings body: ByteBuffer, _ card: ModelCard) throws(Refusal) {
        try Self.check(card.kind == .embedding, card)
        let request = try Self.read(EmbeddingRequest.self, body)
        if let asked = request.dimensions, asked != card.vectorSize {
            throw .wrongDimensions(asked, card.vectorSize ?? 0)
        }
        try self.init(.embeddings(request.encoding), [.inputs(request.inputs)], GenerationParameters())
    }

    /// A scoring call has Hugging Face's form, or one of those that its kind of model has elsewhere.
    init(scoring body: ByteBuffer, _ card: ModelCard) throws(Refusal) {
        let shape = try Self.read(ScoringShape.self, body)
        switch card.kind {
        case _ where shape.hasInputs: try self.init(inputs: body, card)
        case .embedding: try self.init(embeddings: body, card)
        case .decoder where shape.hasPrompt, .encoderDecoder where shape.hasPrompt:
            try self.init(completion: body, card)
        case .decoder, .encoderDecoder: try self.init(chat: body, card)
        }
    }

    init(_ form: Form, _ prompts: [Prompt], _ parameters: GenerationParameters) throws(Refusal) {
        self.form = form
        self.prompts = prompts
        self.parameters = parameters
        do throws(EngineFailure) { grammar = try Grammar.make(parameters.format) } catch { throw Refusal(error) }
    }

    private static func check(_ isRightKind: Bool, _ card: ModelCard) throws(Refusal) {
        guard isRightKind else { throw Refusal(EngineFailure.wrongKind(card.kind)) }
    }

    static func read<Request: Decodable>(_ type: Request.Type, _ body: ByteBuffer) throws(Refusal) -> Request {
        do {
            return try OpenAIRequestBody.read(type, from: Array(body.readableBytesView))
        } catch let error as OpenAIRequestError {
            throw Refusal(error)
        } catch let error as DecodingError {
            throw Refusal(OpenAIRequestError(error))
        } catch {
            throw Refusal(OpenAIRequestError("The body could not be read.", code: "invalid_json"))
        }
    }
}
