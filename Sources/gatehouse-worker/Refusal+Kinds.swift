import GatewayAPI
import Llama

/// What requests are refused for that another kind of model would answer.
extension Refusal {
    static func wrongDimensions(_ asked: Int, _ given: Int) -> Refusal {
        Refusal(
            OpenAIRequestError(
                "'dimensions' is \(asked), and this model's vectors have \(given) numbers and are never cut: leave it out.",
                param: "dimensions",
                code: "unsupported_value"
            )
        )
    }

    /// - Parameter field: by its place in the body.
    static func notHere(_ field: String, _ kind: ModelKind) -> Refusal {
        let what =
            switch kind {
            case .decoder: "that goes on with a text"
            case .encoderDecoder: "that turns one text into another"
            case .embedding: "that gives embeddings"
            }
        return Refusal(
            OpenAIRequestError(
                "'\(field)' means nothing to a model \(what).",
                param: field,
                code: "unsupported_parameter"
            )
        )
    }

    static func tooManyTexts(_ count: Int, _ most: Int) -> Refusal {
        Refusal(
            OpenAIRequestError(
                "'inputs' has \(count) texts; a model that generates takes at most \(most): send several requests.",
                param: "inputs",
                code: "invalid_value"
            )
        )
    }
}
