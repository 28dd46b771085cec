package import GatewayCore

/// Which webhook: unique in the gateway.
package struct WebhookName: Sendable, Hashable {
    package let tenant: String
    package let name: String

    package init(tenant: String, name: String) {
        self.tenant = tenant
        self.name = name
    }
}

extension WebhookDefinition {
    /// What deliveries know it by.
    package var fullName: WebhookName { WebhookName(tenant: tenant, name: name) }

    /// Whether it asks for events of this kind.
    package func wants(_ kind: WebhookEvent.Kind) -> Bool {
        events.isEmpty || events.contains(kind.rawValue)
    }
}

/// What became of one event for one webhook: a line of the delivery log.
package struct WebhookDelivery: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// Not tried yet, or tried and to be tried again.
        case pending
        case delivered
        /// Given up.
        case failed
    }

    /// The value of `webhook-id`.
    package var event: String
    /// `key.expiring` and the like.
    package var type: String
    package var state: State
    package var tries: Int
    package var lastStatus: Int?
    /// A sentence for a person; `nil` when the last try was taken, or there was none.
    package var lastError: String?
    /// Milliseconds since 1970, as the other two.
    package var createdAt: Int64
    package var updatedAt: Int64
    /// `nil` unless it is pending.
    package var nextTryAt: Int64?
}

/// What one try came to.
package struct WebhookAnswer: Sendable, Equatable {
    /// `nil` when nothing answered.
    package var status: Int?
    /// Why the try does not count as delivered.
    package var error: String?
    package var milliseconds: Int64

    package init(status: Int?, error: String?, milliseconds: Int64) {
        self.status = status
        self.error = error
        self.milliseconds = milliseconds
    }

    package var isDelivered: Bool { error == nil }
}

/// A delivery that waits to be tried.
package struct PendingDelivery: Sendable, Equatable {
    package let id: Int64
    package let webhook: WebhookName
    package let event: String
    package let type: String
    package let body: String
    /// How often it was tried so far.
    package let tries: Int
}

/// What is decided about a delivery after a try.
package enum DeliveryVerdict: Sendable, Equatable {
    case delivered
    /// Milliseconds since 1970.
    case retry(at: Int64)
    case failed
}

/// That an expiry was told of, so that a restart does not tell it again.
package struct WebhookNotice: Sendable, Hashable {
    package let tenant: String
    /// What expires, for instance `key/ci`.
    package let subject: String
    /// Seconds since 1970; another value means that it was renewed.
    package let expiresAt: Int64
    /// How many days ahead; 0 = it has expired.
    package let days: Int

    package init(tenant: String, subject: String, expiresAt: Int64, days: Int) {
        self.tenant = tenant
        self.subject = subject
        self.expiresAt = expiresAt
        self.days = days
    }
}
