import GatewayAPI
import GatewayCore
import GatewayStore

extension ComparedAnswer {
    /// The answer of a stored capture.
    init(_ row: CaptureRow, _ content: CaptureContent) {
        self.init(row.receipt, length: row.responseSize, content.response, isCut: row.isResponseCut)
        if content.loss?.contains(.response) == true { body = nil }
    }

    /// The answer to a replayed request, redacted as one that is stored.
    init(_ capture: Capture) {
        let response = capture.response
        self.init(capture.receipt, length: response.size, response, isCut: response.isTruncated)
    }

    private init(_ receipt: Receipt, length: Int64, _ message: CapturedMessage, isCut: Bool) {
        // Where a note says that a body was removed there is nothing to compare.
        let isKept = !message.body.starts(with: "[removed:".utf8)
        self.init(
            status: receipt.upstreamStatus,
            microseconds: receipt.durationMicroseconds,
            length: length,
            body: isKept ? Body(form: Form(message), bytes: message.body, isCut: isCut) : nil
        )
        firstByteMicroseconds = receipt.firstByteMicroseconds
        promptTokens = receipt.promptTokens
        completionTokens = receipt.completionTokens
    }
}

extension ComparedAnswer.Form {
    fileprivate init(_ message: CapturedMessage) {
        switch message.form {
        case _ where !message.isText && !message.body.isEmpty: self = .binary
        case .json: self = .json
        case .lines: self = .events
        case .pairs, .other: self = .text
        }
    }
}

extension CaptureRow {
    /// Whether it is the copy of an exchange that a mirror got.
    var isMirror: Bool { !receipt.mirrorOf.isEmpty }

    /// The same request may come several times with one id: those that are near in time are one pair.
    func isMirror(of other: CaptureRow) -> Bool {
        receipt.requestID == other.receipt.requestID && receipt.mirrorOf == other.receipt.deployment && !other.isMirror
            && abs(receipt.startedAt - other.receipt.startedAt) <= Self.longestPair
    }

    /// Microseconds between the beginnings of both halves.
    static let longestPair: Int64 = 600_000_000
}

extension ComparedPair {
    init(_ comparison: AnswerComparison, capture: Int64, _ requestID: String) {
        self.init(
            capture: capture,
            requestId: requestID,
            one: Side(comparison.one),
            other: Side(comparison.other),
            method: comparison.method.rawValue
        )
        similarity = comparison.similarity
        agrees = comparison.isAgreed
        latencyRatio = comparison.latencyRatio
        partial = comparison.isPartial
        differences = comparison.differences.map { Difference(field: $0.field, one: $0.one, other: $0.other) }
    }
}

extension ComparedPair.Side {
    fileprivate init(_ answer: ComparedAnswer) {
        self.init(status: answer.status, durationMs: Double(answer.microseconds) / 1000, bytes: answer.length)
        promptTokens = answer.promptTokens
        completionTokens = answer.completionTokens
    }
}
