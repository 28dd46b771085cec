/// What became of one event for one webhook: a line of the delivery log.
package struct WebhookDeliveryResource: Codable, Sendable, Equatable {
    /// The value of `webhook-id`.
    package var event: String
    /// `key.expiring` and the like.
    package var type: String
    /// `pending`, `delivered` or `failed`.
    package var state: String
    package var tries: Int
    /// What the receiver answered last; left out when it gave no answer.
    package var lastStatus: Int?
    /// Why the last try failed.
    package var lastError: String?
    /// ISO 8601.
    package var createdAt: String
    /// ISO 8601.
    package var updatedAt: String
    /// When it will be tried again, ISO 8601; left out when it will not.
    package var nextTryAt: String?

    package init(
        event: String,
        type: String,
        state: String,
        tries: Int,
        createdAt: String,
        updatedAt: String
    ) {
        self.event = event
        self.type = type
        self.state = state
        self.tries = tries
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What a test of a webhook came to.
package struct WebhookTestResource: Codable, Sendable, Equatable {
    /// Whether the receiver took it.
    package var delivered: Bool
    /// Left out when nothing answered.
    package var status: Int?
    package var error: String?
    package var milliseconds: Int64

    package init(delivered: Bool, status: Int?, error: String?, milliseconds: Int64) {
        self.delivered = delivered
        self.status = status
        self.error = error
        self.milliseconds = milliseconds
    }
}
