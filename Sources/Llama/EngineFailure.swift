/// Why the engine cannot do what it was asked.
package enum EngineFailure: Error, Equatable, Sendable {
    case notBuiltIn
    /// `refused`: the backends that are there, and why each is not used.
    case noDevice(directory: String, refused: [String])
    case unknownDevice(String, known: [String])
    case modelUnreadable(path: String)
    /// A kind of model that no loop is for: what it does, in words.
    case notServed(String)
    /// The header's key that does not say how a text's vectors become one.
    case noPooling(key: String)
    /// The request is for another kind of model than this one.
    case wrongKind(ModelKind)
    case unknownTemplate
    case noTemplate
    case contextUnavailable(slots: Int, context: Int)
    /// In bytes.
    case noMemory(needed: Int, free: Int, slots: Int, context: Int)
    case untokenisable
    case emptyPrompt
    /// `tokens` is a lower bound where `isExact` is false: a text that long is not worth counting.
    case promptTooLong(tokens: Int, context: Int, isExact: Bool)
    /// A text that is read as a whole, by its place where the request has several; `tokens` as above.
    case inputTooLong(tokens: Int, most: Int, isExact: Bool, place: Int?)
    /// A text that is not even looked at, with the bound.
    case textTooLong(bytes: Int)
    case emptyInput(place: Int?)
    /// The vocabulary's last token has the number `last`.
    case unknownToken(Int32, last: Int32, place: Int?)
    case busy(slots: Int, queue: Int)
    /// The request's deadline passed before it had a slot.
    case overdue
    case decodeFailed(code: Int)
    /// A part of the request that only the engine can judge, by its name in the API.
    case refusedField(String, String)
    case grammarTooAmbiguous
    case grammarImpossible
    case stopping

    package var message: String {
        switch self {
        case .notBuiltIn:
            "This build has no model engine: build with --traits Llama and PKG_CONFIG_PATH set to llama.cpp's llama.pc."
        case .noDevice(let directory, let refused):
            "No backend could be loaded from \(directory): it must hold libggml-cpu*.so of the same source as libllama."
                + refused.map { " \($0)." }.joined()
        case .unknownDevice(let name, let known):
            "No GPU is called \(name.debugDescription): the backends report "
                + "\(known.isEmpty ? "none" : known.joined(separator: ", ")). --list-devices shows them."
        case .modelUnreadable(let path):
            "The model file \(path) cannot be loaded: it is missing, damaged or of a kind that the engine does not run."
        case .notServed(let what):
            "This model \(what); what can be served generates text, turns one text into another, or gives embeddings."
        case .noPooling(let key):
            "This model gives embeddings, but its header does not say by \(key) how a text's become one: convert it from a "
                + "folder that does."
        case .wrongKind(let kind): kind.advice
        case .unknownTemplate:
            "The model's own chat template cannot be rendered, and no other is used in its place."
        case .noTemplate:
            "This model has no chat template: it serves /v1/completions only."
        case .contextUnavailable(let slots, let context):
            "No room for \(slots) slots of \(context) tokens: use fewer slots or a shorter context."
        case .noMemory(let needed, let free, let slots, let context):
            "\(slots) slots of \(context) tokens need \(Self.mebibytes(needed)) MiB of memory beside the model, and "
                + "\(Self.mebibytes(free)) MiB are free: use fewer slots or a shorter context."
        case .untokenisable:
            "The prompt cannot be turned into tokens."
        case .emptyPrompt:
            "The prompt is empty."
        case .promptTooLong(let tokens, let context, let isExact):
            "The prompt has \(isExact ? "" : "at least ")\(tokens) tokens; the context of this model is \(context) "
                + "tokens, of which the answer needs at least one."
        case .inputTooLong(let tokens, let most, let isExact, let place):
            "\(Self.input(place)) has \(isExact ? "" : "at least ")\(tokens) tokens; this model reads at most \(most) "
                + "at once: shorten or split it."
        case .textTooLong(let bytes):
            "A text for this model may have \(bytes) bytes beside its spaces: shorten or split it."
        case .emptyInput(let place): "\(Self.input(place)) is empty."
        case .unknownToken(let token, let last, let place):
            "\(Self.input(place)) has the token \(token); this model's tokens have the numbers 0 to \(last)."
        case .busy(let slots, let queue):
            "The model is busy: all \(slots) slots and all \(queue) places in the queue are taken."
        case .overdue:
            "The time for this request was over before the model was free for it; nothing was computed."
        case .decodeFailed(let code):
            "The engine could not compute the next token (code \(code))."
        case .refusedField(let field, let reason):
            "'\(field)' cannot be used: \(reason)."
        case .grammarTooAmbiguous:
            "The grammar leaves so many ways open that the answer cannot be matched against it in time."
        case .grammarImpossible:
            "The grammar leads to a place where no token of this model can come next."
        case .stopping:
            "The model server is stopping."
        }
    }

    private static func input(_ place: Int?) -> String { place.map { "The input with index \($0)" } ?? "The input" }

    /// Rounded up: what is needed is never told as less.
    private static func mebibytes(_ bytes: Int) -> Int { (bytes >> 20) + (bytes & ((1 << 20) - 1) == 0 ? 0 : 1) }
}
