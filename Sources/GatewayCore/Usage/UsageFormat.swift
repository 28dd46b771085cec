/// Whose members tell the tokens of an answer.
package enum UsageFormat: Sendable, Equatable {
    /// Chat and text completions: `prompt_tokens`, `completion_tokens`; streamed only when asked for.
    case openAI
    /// `input_tokens`, `output_tokens`, spread over two events when streamed.
    case anthropic
    /// OpenAI's responses: `input_tokens`, `output_tokens`, in the last event when streamed.
    case responses
    /// Other OpenAI calls (embeddings, images…): either spelling, never asked for.
    case other

    /// Whether the body of a call says what it may use, or is rewritten.
    ///
    /// What generates text is read whatever it calls itself: not every server looks at the content type.
    static func readsBody(_ usage: UsageFormat?, contentType: String?) -> Bool {
        switch usage {
        case nil: false
        case .other: BodyFields.isReadable(contentType)
        case .openAI, .anthropic, .responses: true
        }
    }
}

/// Tokens of one exchange, as far as the answer told.
package struct TokenUsage: Sendable, Equatable {
    package var prompt: Int64?
    package var completion: Int64?

    package init(prompt: Int64? = nil, completion: Int64? = nil) {
        self.prompt = prompt
        self.completion = completion
    }
}
