/// What a request used, in tokens.
///
/// Completion tokens are all that the model produced, its end mark included.
package struct Usage: Codable, Equatable, Sendable {
    /// What the prompt's tokens were.
    package struct PromptDetails: Codable, Equatable, Sendable {
        /// Those that were computed for an earlier request.
        package let cachedTokens: Int

        private enum CodingKeys: String, CodingKey {
            case cachedTokens = "cached_tokens"
        }
    }

    package let promptTokens: Int
    package let completionTokens: Int
    package let totalTokens: Int
    package let promptDetails: PromptDetails

    package init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        totalTokens = promptTokens + completionTokens
        promptDetails = PromptDetails(cachedTokens: cachedTokens)
    }

    /// What two requests used together.
    package static func + (one: Usage, other: Usage) -> Usage {
        Usage(
            promptTokens: one.promptTokens + other.promptTokens,
            completionTokens: one.completionTokens + other.completionTokens,
            cachedTokens: one.promptDetails.cachedTokens + other.promptDetails.cachedTokens
        )
    }

    private enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptDetails = "prompt_tokens_details"
    }
}

/// Why an answer ended.
package enum FinishReason: String, Codable, Sendable {
    case stop
    case length
}

/// A choice of the chat API, whole (`message`) or one piece of a stream (`delta`).
package struct ChatChoice: Encodable, Sendable {
    /// The text of a choice, with the role where it is said.
    package struct Text: Encodable, Sendable {
        package var role: String?
        package var content: String?

        package init(role: String? = nil, content: String? = nil) {
            self.role = role
            self.content = content
        }
    }

    package var index = 0
    package var message: Text?
    package var delta: Text?
    package var logprobs: ChatLogprobs?
    package var finishReason: FinishReason?

    package init(
        message: Text? = nil,
        delta: Text? = nil,
        logprobs: ChatLogprobs? = nil,
        finishReason: FinishReason? = nil
    ) {
        self.message = message
        self.delta = delta
        self.logprobs = logprobs
        self.finishReason = finishReason
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encodeIfPresent(message, forKey: .message)
        try container.encodeIfPresent(delta, forKey: .delta)
        // Written as null when there is none: SDKs take the field for granted.
        try container.encode(logprobs, forKey: .logprobs)
        try container.encode(finishReason, forKey: .finishReason)
    }

    private enum CodingKeys: String, CodingKey {
        case index
        case message
        case delta
        case logprobs
        case finishReason = "finish_reason"
    }
}

/// A choice of the older completions API, whole or one piece of a stream.
package struct TextChoice: Encodable, Sendable {
    package let text: String
    package let logprobs: TextLogprobs?
    package let finishReason: FinishReason?

    package init(text: String, logprobs: TextLogprobs? = nil, finishReason: FinishReason?) {
        self.text = text
        self.logprobs = logprobs
        self.finishReason = finishReason
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(0, forKey: .index)
        try container.encode(text, forKey: .text)
        try container.encode(logprobs, forKey: .logprobs)
        try container.encode(finishReason, forKey: .finishReason)
    }

    private enum CodingKeys: String, CodingKey {
        case index
        case text
        case logprobs
        case finishReason = "finish_reason"
    }
}

/// An answer, or one chunk of a streamed one.
package struct Answer<Choice: Encodable & Sendable>: Encodable, Sendable {
    /// Whether and how `usage` is written: chunks before the last say `null` where usage was asked for, else nothing.
    package enum UsageField: Sendable {
        case absent
        case null
        case some(Usage)
    }

    package let id: String
    package let object: String
    package let created: Int
    package let model: String
    package let choices: [Choice]
    package let usage: UsageField

    package init(id: String, object: String, created: Int, model: String, choices: [Choice], usage: UsageField) {
        self.id = id
        self.object = object
        self.created = created
        self.model = model
        self.choices = choices
        self.usage = usage
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnswerKey.self)
        try container.encode(id, forKey: .id)
        try container.encode(object, forKey: .object)
        try container.encode(created, forKey: .created)
        try container.encode(model, forKey: .model)
        try container.encode(choices, forKey: .choices)
        switch usage {
        case .absent: break
        case .null: try container.encodeNil(forKey: .usage)
        case .some(let usage): try container.encode(usage, forKey: .usage)
        }
    }
}

/// The fields of an `Answer`.
private enum AnswerKey: String, CodingKey {
    case id
    case object
    case created
    case model
    case choices
    case usage
}

/// The body of `GET /v1/models`.
package struct ModelList: Encodable, Sendable {
    /// One model that can be asked.
    package struct Entry: Encodable, Sendable {
        package let id: String
        package let object = "model"
        package let created: Int
        package let ownedBy: String
        /// What the model does; not part of OpenAI's API, absent where it is not known.
        package let kind: String?

        package init(id: String, created: Int, ownedBy: String, kind: String? = nil) {
            self.id = id
            self.created = created
            self.ownedBy = ownedBy
            self.kind = kind
        }

        private enum CodingKeys: String, CodingKey {
            case id
            case object
            case created
            case ownedBy = "owned_by"
            case kind
        }
    }

    package let object = "list"
    package let data: [Entry]

    package init(_ data: [Entry]) {
        self.data = data
    }
}
