/// Whose members tell the tokens of an answer.
package enum UsageFormat: Sendable, Equatable {
    /// Chat and text completions: `prompt_tokens`, `completion_tokens`; streamed only when asked for.
    case openAI
    /// `input_tokens`, `output_tokens`, spread over two events when streamed.
    case anthropic
    /// Other OpenAI calls (responses, embeddings…): either spelling, never asked for.
    case other
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
