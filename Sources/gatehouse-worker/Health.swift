import Llama
import NIOHTTP1

/// The answer of `/healthz`: 200 only when a model can be asked.
struct Health: Encodable {
    /// In one word, what the server is doing.
    enum Word: String, Encodable {
        case loading
        case ready
        case stopping
    }

    let status: HTTPResponseStatus
    private let word: Word
    /// Once the model is loaded.
    private let kind: ModelKind?

    init(_ readiness: Station.Readiness) {
        switch readiness {
        case .loading: (word, status, kind) = (.loading, .serviceUnavailable, nil)
        case .ready(let engine): (word, status, kind) = (.ready, .ok, engine.card.kind)
        case .stopping(let engine): (word, status, kind) = (.stopping, .serviceUnavailable, engine?.card.kind)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case word = "status"
        case kind
    }
}
