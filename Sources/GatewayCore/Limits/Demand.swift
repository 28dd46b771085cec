/// What a request may use, before it is known what it does use.
package struct Demand: Sendable, Equatable {
    package var inputTokens: Int64
    package var outputTokens: Int64
    package var bodyBytes: Int64

    package init(inputTokens: Int64 = 0, outputTokens: Int64 = 0, bodyBytes: Int64 = 0) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.bodyBytes = bodyBytes
    }
}

/// What a request did use.
package struct ActualUsage: Sendable, Equatable {
    /// `nil` = not known: what was estimated stays counted when the call succeeded.
    package var inputTokens: Int64?
    package var outputTokens: Int64?
    /// Pieces of the answer that came beyond what was told, each a token at least.
    package var untoldPieces: Int64
    package var bodyBytes: Int64
    /// Whether the caller got an answer; else everything is given back: rate, tokens, bytes and quotas.
    package var isAnswered: Bool

    package init(
        inputTokens: Int64? = nil,
        outputTokens: Int64? = nil,
        untoldPieces: Int64 = 0,
        bodyBytes: Int64 = 0,
        isAnswered: Bool
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.untoldPieces = untoldPieces
        self.bodyBytes = bodyBytes
        self.isAnswered = isAnswered
    }

    /// The tokens that an answered call counts.
    ///
    /// - Parameter estimate: what counts where nothing was told; of the output at least the pieces that came.
    package func counted(_ estimate: Demand) -> (input: Int64, output: Int64) {
        let output = outputTokens.map { $0 + untoldPieces }
        return (inputTokens ?? estimate.inputTokens, output ?? max(estimate.outputTokens, untoldPieces))
    }
}

/// How much of everything one request takes, in the amounts that rules count.
struct Claim: Sendable {
    let requests: Int64
    let tokens: Int64
    let bodyBytes: Int64
    /// `nil` where answers have no price: money quotas do not concern them.
    let cost: Int64?

    init(inputTokens: Int64, outputTokens: Int64, bodyBytes: Int64, price: Price?) {
        requests = 1
        let input = max(0, inputTokens)
        let output = max(0, outputTokens)
        let (sum, isTooLarge) = input.addingReportingOverflow(output)
        tokens = isTooLarge ? .max : sum
        self.bodyBytes = max(0, bodyBytes)
        cost = price.map { price in
            var price = price
            price.perRequest = min(price.perRequest, .max / 4)
            return max(0, price.cost(input: input, output: output))
        }
    }

    func amount(of measure: LimitReport.Measure) -> Int64 {
        switch measure {
        case .requests, .concurrent: requests
        case .tokens: tokens
        case .bodyBytes: bodyBytes
        case .cost: cost ?? 0
        }
    }

    /// What must be free for a request to pass.
    ///
    /// At least one token and one millionth, though the estimate may be none: a limit that is used up stops also those
    /// requests whose use nobody can foretell.
    func need(of measure: LimitReport.Measure) -> Int64 {
        switch measure {
        case .requests, .concurrent: requests
        case .tokens: max(1, tokens)
        case .bodyBytes: bodyBytes
        case .cost: cost.map { max(1, $0) } ?? 0
        }
    }
}
