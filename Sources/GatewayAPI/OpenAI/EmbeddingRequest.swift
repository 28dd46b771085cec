/// One text to make a vector of: as text, or as tokens of the model that is asked.
package enum EmbeddingInput: Equatable, Sendable {
    case text(String)
    case tokens([Int32])
}

/// The body of `POST /v1/embeddings`.
package struct EmbeddingRequest: Decodable, Equatable, Sendable {
    /// How vectors are written.
    package enum Encoding: String, Sendable {
        /// A list of numbers.
        case float
        /// The bytes of its numbers, 32 bits each, the least significant byte first.
        case base64
    }

    /// As the API bounds it.
    package static let mostInputs = 2048

    package let model: String?
    /// At least one; none is an empty text or an empty list of tokens.
    package let inputs: [EmbeddingInput]
    package let encoding: Encoding
    /// How many numbers a vector is to have; nil: as many as the model gives.
    package let dimensions: Int?

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        try FieldRules(read: ["model", "input", "encoding_format", "dimensions"], neutral: [:]).check(fields)
        model = try fields.optional("model")
        let format = try fields.optional("encoding_format", as: String.self) ?? Encoding.float.rawValue
        guard let encoding = Encoding(rawValue: format) else {
            throw OpenAIRequestError.invalid("encoding_format", "must be float or base64")
        }
        self.encoding = encoding
        dimensions = try fields.optional("dimensions")
        inputs = try Self.inputs(fields)
    }

    private static func inputs(_ fields: Fields) throws -> [EmbeddingInput] {
        guard fields.has("input") else { throw OpenAIRequestError.invalid("input", "is required") }
        if let text = try? fields.required("input", as: String.self) { return [try checked(text, "input")] }
        guard let count = fields.arrayCount("input") else { throw Self.wrongType }
        guard count > 0 else { throw OpenAIRequestError.invalid("input", "must not be empty") }
        // Texts come first: they are what is sent most.
        if let texts = try? fields.required("input", as: [String].self) {
            try check(count: count)
            return try texts.enumerated().map { try checked($1, "input[\($0)]") }
        }
        if let tokens = try? fields.required("input", as: [Int32].self) { return [.tokens(tokens)] }
        guard let lists = try? fields.required("input", as: [[Int32]].self) else { throw Self.wrongType }
        try check(count: count)
        return try lists.enumerated().map { index, tokens in
            guard !tokens.isEmpty else { throw OpenAIRequestError.invalid("input[\(index)]", "must not be empty") }
            return .tokens(tokens)
        }
    }

    private static func check(count: Int) throws {
        guard count <= mostInputs else {
            throw OpenAIRequestError.invalid("input", "has \(count) elements, of which it may have \(mostInputs)")
        }
    }

    private static func checked(_ text: String, _ name: String) throws -> EmbeddingInput {
        guard !text.isEmpty else { throw OpenAIRequestError.invalid(name, "must not be empty") }
        return .text(text)
    }

    private static var wrongType: OpenAIRequestError {
        .invalid("input", "must be a string, an array of strings, an array of tokens, or an array of such arrays")
    }
}
