/// How an answer is to be sampled and when it ends; what the caller leaves out is what the API documents as default.
package struct GenerationParameters: Equatable, Sendable {
    package var temperature = 1.0
    package var topP = 1.0
    /// An extension that many model servers have; nil: no such limit.
    package var topK: Int?
    package var seed: Int?
    package var stop: [String] = []
    package var maxTokens: Int?
    package var isStreamed = false
    package var includesUsage = false

    package init() {}

    init(_ fields: Fields) throws {
        temperature = try Self.number("temperature", in: 0...2, fields) ?? temperature
        topP = try Self.number("top_p", in: 0...1, fields) ?? topP
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
