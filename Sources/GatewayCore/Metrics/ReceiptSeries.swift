/// What was counted of one deployment, or of requests that reached none.
struct ReceiptSeries: Sendable {
    struct Ending: Equatable {
        var status: Int
        var outcome: Receipt.Outcome
    }

    private(set) var endings = Tally(rest: Ending(status: -1, outcome: .failed))
    private(set) var durations = Histogram(.requests)
    private(set) var requestBytes: Int64 = 0
    private(set) var responseBytes: Int64 = 0
    private(set) var refusals = Tally(rest: "other")
    private(set) var retries: Int64 = 0
    private(set) var fallbacks = Tally(rest: "other")
    private(set) var mirrored = Tally(rest: Receipt.Outcome.failed)
    private(set) var replayed = Tally(rest: Receipt.Outcome.failed)
    private(set) var inputTokens: Int64 = 0
    private(set) var outputTokens: Int64 = 0
    private(set) var operations: [(operation: ModelOperation, series: OperationSeries)] = []

    mutating func note(_ receipt: Receipt) {
        guard receipt.mirrorOf.isEmpty else {
            return receipt.isReplay ? replayed.add(receipt.outcome) : mirrored.add(receipt.outcome)
        }
        endings.add(Ending(status: receipt.status, outcome: receipt.outcome))
        durations.record(receipt.durationMicroseconds)
        requestBytes += receipt.requestBytes
        responseBytes += receipt.responseBytes
        if !receipt.refusal.isEmpty { refusals.add(receipt.refusal) }
        if receipt.attempts > 1 { retries += Int64(receipt.attempts - 1) }
        if !receipt.fallback.isEmpty { fallbacks.add(receipt.fallback) }
        if receipt.countsAsUsage {
            inputTokens += receipt.countedInputTokens
            outputTokens += receipt.countedOutputTokens
        }
        guard receipt.isAdmitted, let operation = ModelOperation(path: receipt.path) else { return }
        if let index = operations.firstIndex(where: { $0.operation == operation }) {
            operations[index].series.note(receipt)
        } else {
            var series = OperationSeries()
            series.note(receipt)
            operations.append((operation, series))
        }
    }
}

/// The same of one kind of call to a model.
struct OperationSeries: Sendable {
    private static let mostErrors = 16

    /// By the kind of error, empty without one.
    private(set) var durations: [(error: String, histogram: Histogram)] = []
    private(set) var firstTokens = Histogram(.firstTokens)
    private(set) var outputTokens = Histogram(.outputTokens)
    private(set) var inputUsage = Histogram(.tokens)
    private(set) var outputUsage = Histogram(.tokens)

    mutating func note(_ receipt: Receipt) {
        record(receipt.durationMicroseconds, error: Self.error(of: receipt))
        guard receipt.countsAsUsage else { return }
        // No call has none: 0 is what is not known, of a compressed answer for one.
        if receipt.countedInputTokens > 0 { inputUsage.record(receipt.countedInputTokens) }
        if receipt.countedOutputTokens > 0 { outputUsage.record(receipt.countedOutputTokens) }
        // Only a stream shows when its first token came.
        guard receipt.isStreamed, let first = receipt.firstByteMicroseconds else { return }
        firstTokens.record(first)
        let later = receipt.countedOutputTokens - 1
        guard later > 0, receipt.outcome == .completed else { return }
        outputTokens.record(max(0, receipt.durationMicroseconds - first) * 1000 / later)
    }

    private mutating func record(_ duration: Int64, error: String) {
        if let index = durations.firstIndex(where: { $0.error == error }) {
            durations[index].histogram.record(duration)
        } else if durations.count < Self.mostErrors || error == "other" {
            durations.append((error, Histogram(.operations)))
            durations[durations.count - 1].histogram.record(duration)
        } else {
            record(duration, error: "other")
        }
    }

    private static func error(of receipt: Receipt) -> String {
        if receipt.status >= 400 { return String(receipt.status) }
        return receipt.outcome == .completed ? "" : receipt.outcome.rawValue
    }
}
