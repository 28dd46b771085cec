/// How far a download has come; only in answers.
package struct OperationProgress: Codable, Sendable, Equatable {
    /// Bytes that are there, those of an earlier try included.
    package var received: Int64
    /// Bytes that there will be, where that is known.
    package var total: Int64?
    /// Over the last seconds.
    package var bytesPerSecond: Int64

    package init(received: Int64, total: Int64?, bytesPerSecond: Int64) {
        self.received = received
        self.total = total
        self.bytesPerSecond = bytesPerSecond
    }

    /// Seconds until the rest is there, at this rate; `nil` where nobody knows.
    package var secondsLeft: Int64? {
        guard let total, bytesPerSecond > 0 else { return nil }
        return max(0, total - received) / bytesPerSecond
    }
}
