extension GenerationParameters {
    /// The likeliest token each time.
    static var greedy: GenerationParameters {
        var parameters = GenerationParameters()
        parameters.temperature = 0
        return parameters
    }

    /// Reads Hugging Face's names; what is left out is what its pipelines have: greedy, to the model's own end.
    init(scoring fields: Fields) throws {
        self = .greedy
        maxTokens = try fields.optional("max_new_tokens")
        if let maxTokens, maxTokens < 1 {
            throw OpenAIRequestError.invalid(fields.full("max_new_tokens"), "must be at least 1")
        }
        seed = try fields.optional("seed")
        stop = try Self.stop(scoring: fields)
        if let penalty = try fields.optional("repetition_penalty", as: Double.self) {
            guard penalty > 0, penalty <= 2 else {
                throw OpenAIRequestError.invalid(fields.full("repetition_penalty"), "must be above 0 and at most 2")
            }
            repetitionPenalty = penalty
        }
        let temperature = try Self.number("temperature", most: 2, fields)
        let topP = try Self.number("top_p", most: 1, fields)
        let topK = try fields.optional("top_k", as: Int.self)
        // Without a word about it, who gives one of these wants to sample.
        let samples = try fields.optional("do_sample") ?? (temperature != nil || topP != nil || topK != nil)
        guard samples else { return }
        self.temperature = temperature ?? 1
        self.topP = topP ?? 1
        self.topK = topK.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func number(_ name: String, most: Int, _ fields: Fields) throws -> Double? {
        guard let number = try fields.optional(name, as: Double.self) else { return nil }
        guard (0...Double(most)).contains(number) else {
            throw OpenAIRequestError.invalid(fields.full(name), "must be between 0 and \(most)")
        }
        return number
    }

    /// Servers have it under two names.
    private static func stop(scoring fields: Fields) throws -> [String] {
        let names = ["stop", "stop_sequences"].filter(fields.has)
        guard let name = names.first else { return [] }
        guard names.count == 1, let count = fields.arrayCount(name), count <= 4 else {
            throw OpenAIRequestError.invalid(fields.full(name), "must be an array of at most 4 strings, given once")
        }
        return try fields.required(name, as: [String].self).filter { !$0.isEmpty }
    }
}

extension FieldRules {
    /// Vectors have length one and texts are never cut: to ask for that is to ask for nothing.
    private static let ofVectors: [String: Neutral] = ["normalize": .isTrue, "truncate": .isFalse]

    static let scoring = FieldRules(
        read: ["inputs", "parameters", "question", "context", "options", "model"],
        neutral: ofVectors.merging(["stream": .isFalse]) { $1 }
    )

    static let scoringParameters = FieldRules(
        read: [
            "do_sample", "max_new_tokens", "repetition_penalty", "return_full_text", "seed", "stop", "stop_sequences",
            "temperature", "top_k", "top_p",
        ],
        neutral: ofVectors.merging(["num_beams": .number(1), "num_return_sequences": .number(1)]) { $1 }
    )
}
