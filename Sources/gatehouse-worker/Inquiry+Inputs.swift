import GatewayAPI
import Llama
import NIOCore

/// What `{"inputs": …}` asks of each kind of model.
extension Inquiry {
    init(inputs body: ByteBuffer, _ card: ModelCard) throws(Refusal) {
        let request = try Self.read(ScoringRequest.self, body)
        switch (card.kind, request.inputs) {
        case (.embedding, .texts(let texts)):
            if let field = request.generationFields.first { throw .notHere("parameters.\(field)", card.kind) }
            try self.init(.vectors, [.inputs(texts.map(EmbeddingInput.text))], request.parameters)
        case (.decoder, .texts(let texts)):
            try Self.check(texts)
            let form = Form.generated(after: request.returnsFullText ? texts : nil)
            try self.init(form, texts.map(Prompt.text), request.parameters)
        case (.encoderDecoder, .texts(let texts)):
            if request.returnsFullText { throw .notHere("parameters.return_full_text", card.kind) }
            try Self.check(texts)
            try self.init(.generated(after: nil), texts.map(Prompt.text), request.parameters)
        case (.encoderDecoder, .question(let question, let context)):
            if request.returnsFullText { throw .notHere("parameters.return_full_text", card.kind) }
            let text = ScoringRequest.text(question: question, context: context)
            try self.init(.questionAnswer, [.text(text)], request.parameters)
        case (.embedding, .question), (.decoder, .question): throw .notHere("question", card.kind)
        }
    }

    private static func check(_ texts: [String]) throws(Refusal) {
        guard texts.count <= ScoringRequest.mostTexts else {
            throw .tooManyTexts(texts.count, ScoringRequest.mostTexts)
        }
    }
}
