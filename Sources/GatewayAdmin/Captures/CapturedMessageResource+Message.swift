import Crypto
import GatewayAPI
import GatewayCore
import GatewayStore

extension CaptureSummaryResource {
    init(_ row: CaptureRow) {
        let receipt = row.receipt
        self.init(
            id: row.id,
            requestId: receipt.requestID,
            time: WireTime.precise(milliseconds: receipt.startedAt / 1000)
        )
        endpoint = receipt.endpoint
        deployment = receipt.deployment
        instance = receipt.instance
        caller = receipt.caller
        method = receipt.method
        path = receipt.path
        query = row.query
        status = receipt.status
        upstreamStatus = receipt.upstreamStatus
        outcome = receipt.outcome.rawValue
        model = receipt.model
        streamed = receipt.isStreamed
        requestBytes = row.requestSize
        responseBytes = row.responseSize
        promptTokens = receipt.promptTokens
        completionTokens = receipt.completionTokens
        firstByteMs = receipt.firstByteMicroseconds.map { Double($0) / 1000 }
        durationMs = Double(receipt.durationMicroseconds) / 1000
        mirrorOf = receipt.mirrorOf.isEmpty ? nil : receipt.mirrorOf
        label = row.label.isEmpty ? nil : row.label
    }
}

extension CapturedMessageResource {
    init(_ message: CapturedMessage) {
        self.init(
            headers: message.headers.map { Header(name: $0.name, value: $0.value) },
            kind: "empty",
            bytes: message.body.count,
            truncated: message.isTruncated
        )
        guard !message.body.isEmpty else { return }
        sha256 = SHA256.hash(data: message.body).map { String($0, radix: 16).padded }.joined()
        let isText = message.isText
        switch message.form {
        case _ where !isText: kind = "binary"
        case .lines:
            kind = "events"
            events = message.events
        case .json:
            kind = "json"
            text = String(decoding: message.body, as: UTF8.self)
        case .pairs, .other:
            kind = "text"
            text = String(decoding: message.body, as: UTF8.self)
        }
    }
}

extension String {
    /// Two hexadecimal digits.
    fileprivate var padded: String { count == 1 ? "0" + self : self }
}
