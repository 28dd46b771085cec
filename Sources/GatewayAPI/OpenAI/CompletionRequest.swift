/// The body of `POST /v1/completions`.
package struct CompletionRequest: Decodable, Equatable, Sendable {
    package let model: String?
    package let prompt: String
    package let parameters: GenerationParameters

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        try FieldRules.completion.check(fields)
        model = try fields.optional("model")
        prompt = try Self.prompt(fields)
        var parameters = try GenerationParameters(fields, decoder)
        parameters.logprobs = try Self.logprobs(fields)
        // The API's own default for this older form.
        parameters.maxTokens = parameters.maxTokens ?? 16
        self.parameters = parameters
    }

    private static func logprobs(_ fields: Fields) throws -> Int? {
        guard let top = try fields.optional("logprobs", as: Int.self) else { return nil }
        guard (0...5).contains(top) else { throw OpenAIRequestError.invalid("logprobs", "must be between 0 and 5") }
        return top
    }

    private static func prompt(_ fields: Fields) throws -> String {
        guard fields.has("prompt") else { throw OpenAIRequestError.invalid("prompt", "is required") }
        if let text = try? fields.required("prompt", as: String.self) { return text }
        guard fields.arrayCount("prompt") == 1, let texts = try? fields.required("prompt", as: [String].self),
            let text = texts.first
        else {
            throw OpenAIRequestError(
                "'prompt' must be one string: several prompts and token arrays are not supported.",
                param: "prompt",
                code: "unsupported_value"
            )
        }
        return text
    }
}
