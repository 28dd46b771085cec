/// The body of a scoring call in Hugging Face's form: `{"inputs": …, "parameters": {…}}`, or a question beside a context.
package struct ScoringRequest: Decodable, Equatable, Sendable {
    /// What is given to the model.
    package enum Inputs: Equatable, Sendable {
        /// At least one, none of them empty.
        case texts([String])
        case question(String, context: String)
    }

    /// Texts that are generated for are answered one after the other, each as if it were a request of its own.
    package static let mostTexts = 128

    package let inputs: Inputs
    /// Greedy, unless the caller asks for something else: as the form has it.
    package let parameters: GenerationParameters
    /// Whether the prompt stands before what was generated.
    package let returnsFullText: Bool
    /// Those of `parameters` that only generating takes, by name.
    package let generationFields: [String]

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        try FieldRules.scoring.check(fields)
        try Self.checkOptions(fields)
        inputs = try Self.inputs(fields)
        guard fields.has("parameters") else {
            (parameters, returnsFullText, generationFields) = (.greedy, false, [])
            return
        }
        let more = try fields.object("parameters")
        try FieldRules.scoringParameters.check(more)
        parameters = try GenerationParameters(scoring: more)
        returnsFullText = try more.optional("return_full_text") ?? false
        generationFields = more.names.filter { FieldRules.scoringParameters.read.contains($0) && more.has($0) }
    }

    /// How a question and what to read for its answer are one text, as the T5 family was trained with.
    package static func text(question: String, context: String) -> String {
        "question: \(question) context: \(context)"
    }

    /// Said by callers of the hosted service to its queue; here nothing is cached and every model is waited for.
    private static func checkOptions(_ fields: Fields) throws {
        guard fields.has("options") else { return }
        let options = try fields.object("options")
        try FieldRules(read: ["use_cache", "wait_for_model"], neutral: [:]).check(options)
    }

    private static func inputs(_ fields: Fields) throws -> Inputs {
        guard fields.has("inputs") else { return try question(fields) }
        for name in ["question", "context"] where fields.has(name) {
            throw OpenAIRequestError.invalid(name, "cannot be given beside 'inputs'")
        }
        if let text = try? fields.required("inputs", as: String.self) { return .texts([try checked(text, "inputs")]) }
        if let count = fields.arrayCount("inputs") { return try texts(fields, count: count) }
        guard let object = try? fields.object("inputs") else { throw wrongInputs }
        try FieldRules(read: ["question", "context"], neutral: [:]).check(object)
        return try question(object)
    }

    private static func texts(_ fields: Fields, count: Int) throws -> Inputs {
        guard count > 0 else { throw OpenAIRequestError.invalid("inputs", "must not be empty") }
        guard count <= EmbeddingRequest.mostInputs else {
            throw OpenAIRequestError.invalid(
                "inputs",
                "has \(count) elements, of which it may have \(EmbeddingRequest.mostInputs)"
            )
        }
        guard let texts = try? fields.required("inputs", as: [String].self) else { throw wrongInputs }
        return .texts(try texts.enumerated().map { try checked($1, "inputs[\($0)]") })
    }

    private static func question(_ fields: Fields) throws -> Inputs {
        func text(_ name: String) throws -> String {
            guard fields.has(name) else { throw OpenAIRequestError.invalid(fields.full(name), "is required") }
            return try checked(try fields.required(name), fields.full(name))
        }
        return .question(try text("question"), context: try text("context"))
    }

    private static func checked(_ text: String, _ name: String) throws -> String {
        guard !text.isEmpty else { throw OpenAIRequestError.invalid(name, "must not be empty") }
        return text
    }

    private static var wrongInputs: OpenAIRequestError {
        .invalid("inputs", "must be a string, an array of strings, or an object with 'question' and 'context'")
    }
}

/// Which of the forms that a scoring call may have a body is in.
package struct ScoringShape: Decodable, Equatable, Sendable {
    package let hasInputs: Bool
    package let hasPrompt: Bool

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        hasInputs = fields.has("inputs") || fields.has("question") || fields.has("context")
        hasPrompt = fields.has("prompt")
    }
}
