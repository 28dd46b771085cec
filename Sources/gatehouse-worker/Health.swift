import Llama
import NIOHTTP1

/// The answer of `/healthz`: 200 only when a model can be asked.
struct Health: Encodable {
    /// In one word, what the server is doing.
    enum Word: String, Encodable {
        case loading
        case ready
        /// The engine's thread does not come on.
        case hung
        case stopping
    }

    let status: HTTPResponseStatus
    private let word: Word
    /// Once the model is loaded.
    private let kind: ModelKind?
    /// What is wrong with one that hangs.
    private let reason: String?

    init(_ readiness: Station.Readiness) {
        switch readiness {
        case .loading: (word, kind, reason) = (.loading, nil, nil)
        case .ready(let engine):
            reason = engine.fault
            (word, kind) = (reason == nil ? .ready : .hung, engine.card.kind)
        case .stopping(let engine): (word, kind, reason) = (.stopping, engine?.card.kind, nil)
        }
        status = word == .ready ? .ok : .serviceUnavailable
    }

    private enum CodingKeys: String, CodingKey {
        case word = "status"
        case kind
        case reason
    }
}
