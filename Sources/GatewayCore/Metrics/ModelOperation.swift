/// What a call asks of a model, as OpenTelemetry's conventions for generative AI name it.
enum ModelOperation: String, Sendable, CaseIterable {
    case chat
    case textCompletion = "text_completion"
    case embeddings

    /// By the end of its path; `nil` for other calls.
    init?(path: String) {
        if path.hasSuffix("/chat/completions") || path.hasSuffix("/responses") || path.hasSuffix("/messages") {
            self = .chat
        } else if path.hasSuffix("/completions") {
            self = .textCompletion
        } else if path.hasSuffix("/embeddings") {
            self = .embeddings
        } else {
            return nil
        }
    }
}
