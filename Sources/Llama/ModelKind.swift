/// What a model does with what it is given: the one thing by which engine and server tell requests apart.
///
/// Reranking, classification, vision and images are further cases: each has a loop of its own in `EngineThread`, a prompt
/// and an event.
package enum ModelKind: String, Sendable, Encodable {
    /// Goes on with a text.
    case decoder
    /// Reads a text and writes another.
    case encoderDecoder = "encoder-decoder"
    /// Makes a vector of a text.
    case embedding

    /// Whether a model of this kind has an answer to such a prompt.
    package func answers(_ prompt: Prompt) -> Bool {
        switch (self, prompt) {
        case (.decoder, .chat), (.decoder, .text), (.encoderDecoder, .chat), (.encoderDecoder, .text): true
        case (.embedding, .inputs): true
        case (.decoder, .inputs), (.encoderDecoder, .inputs), (.embedding, .chat), (.embedding, .text): false
        }
    }

    /// What to ask instead, for who asked for something else.
    package var advice: String {
        switch self {
        case .decoder:
            "This model generates text and gives no embeddings: ask /v1/chat/completions or /v1/completions."
        case .encoderDecoder:
            "This model turns one text into another and gives no embeddings: ask /v1/completions."
        case .embedding: "This model gives embeddings and generates no text: ask /v1/embeddings."
        }
    }
}
