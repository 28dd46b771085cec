/// How an answer is to be sampled and when it ends; what the caller leaves out is what the API documents as default.
package struct GenerationParameters: Equatable, Sendable {
    package var temperature = 1.0
    package var topP = 1.0
    /// An extension that many model servers have; nil: no such limit.
    package var topK: Int?
    /// Another such extension: the least share of the likeliest token's probability that a token must have.
    package var minP = 0.0
    /// What is taken off a token's logit for every time, and for whether, it was written.
    package var frequencyPenalty = 0.0
    package var presencePenalty = 0.0
    /// What the logits of tokens of the prompt and the answer are divided by, an extension; 1: by nothing.
    package var repetitionPenalty = 1.0
    /// By token: what is added to its logit.
    package var logitBias: [Int32: Double] = [:]
    /// How many likely tokens to tell beside each chosen one; nil: tell nothing of the kind.
    package var logprobs: Int?
    package var format = AnswerFormat.text
    package var seed: Int?
    package var stop: [String] = []
    package var maxTokens: Int?
    package var isStreamed = false
    package var includesUsage = false

    package init() {}

    init(_ fields: Fields, _ decoder: any Decoder) throws {
        temperature = try Self.number("temperature", in: 0...2, fields) ?? temperature
        topP = try Self.number("top_p", in: 0...1, fields) ?? topP
        minP = try Self.number("min_p", in: 0...1, fields) ?? minP
        frequencyPenalty = try Self.number("frequency_penalty", in: -2...2, fields) ?? frequencyPenalty
        presencePenalty = try Self.number("presence_penalty", in: -2...2, fields) ?? presencePenalty
        repetitionPenalty = try Self.repetitionPenalty(fields)
        logitBias = try Self.logitBias(fields)
        format = try AnswerFormat(fields, decoder)
        seed = try fields.optional("seed")
        isStreamed = try fields.optional("stream") ?? false
        stop = try Self.stop(fields)
        topK = try Self.topK(fields)
        maxTokens = try Self.maxTokens(fields)
        includesUsage = try Self.includesUsage(fields, isStreamed: isStreamed)
    }

    private static func number(_ name: String, in range: ClosedRange<Double>, _ fields: Fields) throws -> Double? {
        guard let number = try fields.optional(name, as: Double.self) else { return nil }
        guard range.contains(number) else {
            throw OpenAIRequestError.invalid(
                name,
                "must be between \(Int(range.lowerBound)) and \(Int(range.upperBound))"
            )
        }
        return number
    }

    /// Servers have it under two names.
    private static func repetitionPenalty(_ fields: Fields) throws -> Double {
        var penalty: Double?
        for name in ["repetition_penalty", "repeat_penalty"] where fields.has(name) {
            let number = try fields.required(name, as: Double.self)
            guard number > 0, number <= 2 else {
                throw OpenAIRequestError.invalid(name, "must be above 0 and at most 2")
            }
            guard penalty == nil || penalty == number else {
                throw OpenAIRequestError.invalid(name, "differs from 'repetition_penalty'; give one of them")
            }
            penalty = number
        }
        return penalty ?? 1
    }

    private static func logitBias(_ fields: Fields) throws -> [Int32: Double] {
        guard fields.has("logit_bias") else { return [:] }
        let biases = try fields.object("logit_bias")
        let names = biases.names
        guard names.count <= 1024 else {
            throw OpenAIRequestError.invalid("logit_bias", "must have at most 1024 tokens")
        }
        var result: [Int32: Double] = [:]
        for name in names {
            guard let token = Int32(name), token >= 0 else {
                throw OpenAIRequestError.invalid("logit_bias", "must have the numbers of tokens as its names")
            }
            let bias = try biases.required(name, as: Double.self)
            guard (-100...100).contains(bias) else {
                throw OpenAIRequestError.invalid("logit_bias", "must have values between -100 and 100")
            }
            result[token] = bias
        }
        return result
    }

    private static func topK(_ fields: Fields) throws -> Int? {
        guard let number = try fields.optional("top_k", as: Int.self), number > 0 else { return nil }
        return number
    }

    private static func maxTokens(_ fields: Fields) throws -> Int? {
        let names = ["max_completion_tokens", "max_tokens"].filter(fields.has)
        var limit: Int?
        for name in names {
            let number = try fields.required(name, as: Int.self)
            guard number >= 1 else { throw OpenAIRequestError.invalid(name, "must be at least 1") }
            guard limit == nil || limit == number else {
                throw OpenAIRequestError.invalid(name, "differs from 'max_completion_tokens'; give one of them")
            }
            limit = number
        }
        return limit
    }

    private static func stop(_ fields: Fields) throws -> [String] {
        guard fields.has("stop") else { return [] }
        if let one = try? fields.required("stop", as: String.self) { return one.isEmpty ? [] : [one] }
        // Counted before it is read: a peer must not make us read a million strings.
        guard let count = fields.arrayCount("stop"), count <= 4 else {
            throw OpenAIRequestError.invalid("stop", "must be a string or an array of at most 4 strings")
        }
        return try fields.required("stop", as: [String].self).filter { !$0.isEmpty }
    }

    private static func includesUsage(_ fields: Fields, isStreamed: Bool) throws -> Bool {
        guard fields.has("stream_options") else { return false }
        let options = try fields.required("stream_options", as: StreamOptions.self)
        return isStreamed && options.includesUsage
    }
}

/// The `stream_options` object.
private struct StreamOptions: Decodable {
    let includesUsage: Bool

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        includesUsage = try fields.optional("include_usage") ?? false
        // Padding against traffic analysis; not sending any is what a caller without the option gets as well.
        try FieldRules(read: ["include_usage", "include_obfuscation"], neutral: [:]).check(fields)
    }
}
