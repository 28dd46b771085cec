/// The body of `POST /v1/chat/completions`.
package struct ChatRequest: Decodable, Equatable, Sendable {
    package let model: String?
    package let messages: [ChatMessage]
    package let parameters: GenerationParameters

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        try FieldRules.chat.check(fields)
        model = try fields.optional("model")
        var parameters = try GenerationParameters(fields, decoder)
        parameters.logprobs = try Self.logprobs(fields)
        self.parameters = parameters
        messages = try fields.required("messages")
        guard !messages.isEmpty else { throw OpenAIRequestError.invalid("messages", "must have at least one message") }
    }

    private static func logprobs(_ fields: Fields) throws -> Int? {
        let isAsked = try fields.optional("logprobs", as: Bool.self) ?? false
        let top = try fields.optional("top_logprobs", as: Int.self) ?? 0
        guard (0...20).contains(top) else {
            throw OpenAIRequestError.invalid("top_logprobs", "must be between 0 and 20")
        }
        guard isAsked || top == 0 else {
            throw OpenAIRequestError.invalid("top_logprobs", "needs 'logprobs' to be true")
        }
        return isAsked ? top : nil
    }
}

/// One turn of a conversation, as text.
package struct ChatMessage: Decodable, Equatable, Sendable {
    /// Who speaks.
    ///
    /// The API's newer `developer` is read as `system`.
    package enum Role: String, Sendable {
        case system
        case user
        case assistant
    }

    package let role: Role
    package let content: String

    package init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        try FieldRules.message.check(fields)
        role = try Self.role(fields)
        content = try Self.content(fields)
        // A NUL would end the text early inside the engine: the model would see less than was asked.
        guard !content.utf8.contains(0) else {
            throw OpenAIRequestError.invalid(fields.full("content"), "must not contain the character U+0000")
        }
    }

    private static func role(_ fields: Fields) throws -> Role {
        let name = try fields.required("role", as: String.self)
        guard let role = Role(rawValue: name == "developer" ? "system" : name) else {
            throw OpenAIRequestError.invalid(
                fields.full("role"),
                "must be one of system, developer, user, assistant; tool and function messages are not supported"
            )
        }
        return role
    }

    private static func content(_ fields: Fields) throws -> String {
        if let text = try? fields.optional("content", as: String.self) { return text }
        guard fields.has("content") else { throw OpenAIRequestError.invalid(fields.full("content"), "is required") }
        return try fields.required("content", as: [TextPart].self).map(\.text).joined()
    }
}

/// One part of a message's content; only text is understood.
private struct TextPart: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        let type = try fields.required("type", as: String.self)
        guard type == "text" else {
            throw OpenAIRequestError(
                "Content parts of this type are not supported: only text is.",
                param: fields.full("type"),
                code: "unsupported_content_type"
            )
        }
        text = try fields.required("text")
    }
}
