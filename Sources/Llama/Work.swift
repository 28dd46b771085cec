package import GatewayAPI

/// What the model is asked to continue, to answer, or to make vectors of.
package enum Prompt: Equatable, Sendable {
    case chat([ChatMessage])
    case text(String)
    case inputs([EmbeddingInput])
}

/// What a request may expect beside others: set by whoever is trusted to know.
package struct WorkTerms: Equatable, Sendable {
    package static let weights = 1...100

    /// Whose it is: tenants share by their weights, and what one has computed is not used for another.
    package var tenant: String
    /// How many tokens its tenant gets for each that one of weight 1 gets.
    package var weight: Int
    /// Which of its tenant's: callers share what their tenant gets by their weights.
    package var caller: String
    package var callerWeight: Int
    /// When nobody wants an answer any more that has not begun; nil: never.
    package var deadline: ContinuousClock.Instant?

    /// Weights are taken to the nearest of `weights`.
    package init(
        tenant: String = "",
        weight: Int = 1,
        caller: String = "",
        callerWeight: Int = 1,
        deadline: ContinuousClock.Instant? = nil
    ) {
        func bounded(_ weight: Int) -> Int { min(max(weight, Self.weights.lowerBound), Self.weights.upperBound) }
        self.tenant = tenant
        self.weight = bounded(weight)
        self.caller = caller
        self.callerWeight = bounded(callerWeight)
        self.deadline = deadline
    }
}

/// One request to the engine.
///
/// `deliver` is called on the engine's thread, in order, and must not block.
package struct Work: Sendable {
    package let prompt: Prompt
    package let parameters: GenerationParameters
    package let terms: WorkTerms
    /// What the answer must match; nil: anything.
    package let grammar: Grammar?
    package let deliver: @Sendable (WorkEvent) -> Void

    package init(
        _ prompt: Prompt,
        _ parameters: GenerationParameters,
        _ terms: WorkTerms = WorkTerms(),
        grammar: Grammar? = nil,
        deliver: @escaping @Sendable (WorkEvent) -> Void
    ) {
        self.prompt = prompt
        self.parameters = parameters
        self.terms = terms
        self.grammar = grammar
        self.deliver = deliver
    }
}

/// What happens to a request: `started`, any number of `text`, each after the `logprobs` of its tokens where they were
/// asked for, then `finished`; or `failed`, at any time, as the last.
///
/// Of embeddings `started`, then `vectors` or `failed`. Nothing comes after a cancel that the engine's thread has seen.
package enum WorkEvent: Equatable, Sendable {
    /// The request has a slot: it will not be refused any more.
    case started
    case logprobs([TokenLogprob])
    case text(String)
    case finished(FinishReason, Usage)
    /// One for each text, of length one, in the request's order.
    case vectors([[Float]], Usage)
    case failed(EngineFailure)
}

/// The engine's name for a request, to cancel it by.
package struct Ticket: Hashable, Sendable {
    let number: UInt64
}

/// What is known about a loaded model.
package struct ModelCard: Equatable, Sendable {
    package let kind: ModelKind
    package let canChat: Bool
    /// Tokens of one request or, of an embedding model, of one text.
    package let context: Int
    package let slots: Int
    package let threads: Int
    package let devices: [String]
    /// Numbers of a text's vector; nil for kinds that make none.
    package var vectorSize: Int?
}

/// Counts since the engine's start, and what it does now.
package struct EngineCounters: Equatable, Sendable, Encodable {
    /// Calls to the model; one serves every request that has a slot.
    package var steps = 0
    /// Of all requests that had a slot, reused ones included.
    package var promptTokens = 0
    package var completionTokens = 0
    /// Requests whose prompt began with what another of their tenant had left, and how many tokens that were.
    package var prefixHits = 0
    package var prefixTokens = 0
    /// Requests whose time was over before they had a slot.
    package var overdue = 0
    package var slots = 0
    package var active = 0
    package var waiting = 0
    /// Tokens that the context has room for, that it holds, and that it holds of requests that are over.
    package var cells = 0
    package var cellsUsed = 0
    package var cellsKept = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case steps
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case prefixHits = "prefix_hits"
        case prefixTokens = "prefix_tokens"
        case overdue
        case slots
        case active
        case waiting
        case cells = "kv_cells"
        case cellsUsed = "kv_cells_used"
        case cellsKept = "kv_cells_kept"
    }
}
