package import GatewayAPI

/// What the model is asked to continue.
package enum Prompt: Equatable, Sendable {
    case chat([ChatMessage])
    case text(String)
}

/// One request to the engine.
///
/// `deliver` is called on the engine's thread, in order, and must not block.
package struct Work: Sendable {
    package let prompt: Prompt
    package let parameters: GenerationParameters
    /// What the answer must match; nil: anything.
    package let grammar: Grammar?
    package let deliver: @Sendable (WorkEvent) -> Void

    package init(
        _ prompt: Prompt,
        _ parameters: GenerationParameters,
        grammar: Grammar? = nil,
        deliver: @escaping @Sendable (WorkEvent) -> Void
    ) {
        self.prompt = prompt
        self.parameters = parameters
        self.grammar = grammar
        self.deliver = deliver
    }
}

/// What happens to a request: `started`, any number of `text`, each after the `logprobs` of its tokens where they were
/// asked for, then `finished`; or `failed`, at any time, as the last.
///
/// Nothing comes after a cancel that the engine's thread has seen.
package enum WorkEvent: Equatable, Sendable {
    /// The request has a slot: it will not be refused any more.
    case started
    case logprobs([TokenLogprob])
    case text(String)
    case finished(FinishReason, Usage)
    case failed(EngineFailure)
}

/// The engine's name for a request, to cancel it by.
package struct Ticket: Hashable, Sendable {
    let number: UInt64
}

/// What is known about a loaded model.
package struct ModelCard: Equatable, Sendable {
    package let canChat: Bool
    package let context: Int
    package let slots: Int
    package let threads: Int
    package let devices: [String]
}

/// Counts since the engine's start, and what it does now.
package struct EngineCounters: Equatable, Sendable, Encodable {
    /// Calls to the model; one serves every request that has a slot.
    package var steps = 0
    package var promptTokens = 0
    package var completionTokens = 0
    package var active = 0
    package var waiting = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case steps
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case active
        case waiting
    }
}
