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

    init(_ readiness: Station.Readiness) {
        switch readiness {
        case .loading: (word, status) = (.loading, .serviceUnavailable)
        case .ready: (word, status) = (.ready, .ok)
        case .stopping: (word, status) = (.stopping, .serviceUnavailable)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case word = "status"
    }
}
