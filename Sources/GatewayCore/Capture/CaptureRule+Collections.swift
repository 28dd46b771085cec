/// What a `data_collector` of Azure's asks for: its collections are halves of exchanges, each of a share of them.
extension CaptureCollection {
    package enum Half: Sendable {
        case request
        case response
    }

    /// The names whose collections are filled here; what others hold is logged by a scoring script, and none runs.
    package static let known = ["request", "response", "model_inputs", "model_outputs"]

    /// `nil` for a name that is not known.
    package var half: Half? {
        switch name {
        case "request", "model_inputs": .request
        case "response", "model_outputs": .response
        default: nil
        }
    }

    /// The headers that are kept where these are to be captured: without its type a body could not be read.
    package static func headers(_ captured: [String]) -> [String] {
        let type = "content-type"
        return [type] + Set(captured.map { $0.lowercased() }).subtracting([type]).sorted()
    }
}

extension CaptureRule {
    /// The rule of a `data_collector`; `nil` when none of its collections is enabled.
    package init?(
        collecting collections: [CaptureCollection],
        headers: [String],
        rollingRate: RollingRate?
    ) {
        guard !collections.isEmpty else { return nil }
        self.init(headers: CaptureCollection.headers(headers), collections: collections.sorted { $0.name < $1.name })
        self.rollingRate = rollingRate
        takeCollections()
    }

    /// Keeps what its collections hold, if it has any, and nothing else.
    package mutating func takeCollections() {
        guard !collections.isEmpty else { return }
        samplingRate = collections.map(\.samplingRate).max() ?? 0
        keepHalves()
    }

    /// Of a rule with collections: those that an exchange with this draw is in.
    ///
    /// One draw decides about all: of two collections with one rate both hold an exchange, or neither.
    package func drawn(_ draw: Double) -> CaptureRule {
        guard collections.contains(where: { draw >= $0.samplingRate }) else { return self }
        var drawn = self
        drawn.collections.removeAll { draw >= $0.samplingRate }
        drawn.keepHalves()
        return drawn
    }

    private mutating func keepHalves() {
        keepsRequest = collections.contains { $0.half == .request }
        keepsResponse = collections.contains { $0.half == .response }
    }

    /// Whether chance decides what of an exchange is kept.
    var isSampled: Bool {
        ([samplingRate] + collections.map(\.samplingRate)).contains { $0 > 0 && $0 < 1 }
    }
}
