/// The facts of a finished exchange: who, what, where, status, bytes, tokens, timings.
package struct Receipt: Sendable, Equatable {
    package var requestID: String
    /// Wall clock at the first byte, microseconds since 1970.
    package var startedAt: Int64
    package var tenant: String
    package var endpoint: String
    /// Empty when no deployment was picked.
    package var deployment: String
    /// The instance that answered (its URL), empty when none did.
    package var instance: String
    /// `demo/chat#primary`; empty when nobody was identified.
    package var caller: String
    /// `http/1.1` or `h2`.
    package var httpVersion: String
    package var method: String
    package var path: String
    package var clientAddress: String
    /// What the client got; 0 when it left before a status was sent.
    package var status: Int
    /// What the upstream said; 0 when it said nothing.
    package var upstreamStatus: Int
    package var outcome: Outcome
    /// The rule that refused, empty when none did.
    package var refusal: String
    /// Why another deployment answered than the one that should have, empty when none did; told in the logs only.
    package var fallback: String
    /// The model name that the caller wrote, empty when none.
    package var model: String
    package var requestBytes: Int64
    package var responseBytes: Int64
    package var promptTokens: Int64?
    package var completionTokens: Int64?
    /// What limits, quotas and reports count: as told by the upstream, else as estimated where a limit had to, or as seen
    /// to come.
    package var countedInputTokens: Int64
    package var countedOutputTokens: Int64
    /// Whether any of it was handed to an upstream.
    package var isSent: Bool
    /// Millionths of the currency, by the deployment's price.
    package var cost: Int64
    package var isStreamed: Bool
    /// Microseconds from the request's first byte to the first byte of the answer's body, and to the end of all.
    package var firstByteMicroseconds: Int64?
    package var durationMicroseconds: Int64
    /// 1, or 2 when the request was sent again.
    package var attempts: Int
    /// Of a copy, for a mirror or replayed: the deployment that answered the caller, whose receipt has the same `requestID`;
    /// else empty.
    package var mirrorOf: String

    /// How an exchange ended.
    package enum Outcome: String, Sendable, CaseIterable {
        /// The whole answer was handed to the client.
        case completed
        /// The gateway answered itself.
        case refused
        /// The upstream failed and the client got an error or a cut answer.
        case failed
        /// The client left first, or broke the rules of HTTP while its answer came.
        case cancelled
    }

    package init(requestID: String, startedAt: Int64) {
        self.requestID = requestID
        self.startedAt = startedAt
        tenant = ""
        endpoint = ""
        deployment = ""
        instance = ""
        caller = ""
        httpVersion = ""
        method = ""
        path = ""
        clientAddress = ""
        status = 0
        upstreamStatus = 0
        outcome = .refused
        refusal = ""
        fallback = ""
        model = ""
        requestBytes = 0
        responseBytes = 0
        cost = 0
        countedInputTokens = 0
        countedOutputTokens = 0
        isSent = false
        isStreamed = false
        durationMicroseconds = 0
        attempts = 0
        mirrorOf = ""
    }
}

extension Receipt {
    /// Whether a deployment was picked, and `ReceiptQueue` asked for room before.
    var isAdmitted: Bool { !deployment.isEmpty }

    /// Whether the exchange counts in limits, quotas and reports.
    ///
    /// It does when an upstream has begun an answer that is no failure of its own, whatever became of it on the way: what a
    /// model has made is made. A client that left before is counted too when its request was sent, since its work was begun.
    /// Copies, for a mirror or replayed, never count.
    package var countsAsUsage: Bool {
        !deployment.isEmpty && mirrorOf.isEmpty
            && ((outcome == .cancelled && isSent) || (1..<500).contains(upstreamStatus))
    }
}
