/// Why the gateway answered the caller itself instead of relaying an answer.
package enum Refusal: Error, Sendable, Equatable {
    /// The bytes broke a rule of HTTP; the sentence names the rule and repeats nothing of the input.
    case malformed(status: Int, reason: String)
    case unauthenticated(CredentialFault)
    case forbidden
    /// The caller's tenant is suspended.
    case suspended
    case noSuchEndpoint
    case noSuchModel
    case noSuchDeployment
    /// The endpoint serves none of the version that the caller asked for.
    case noSuchVersion(known: [String])
    /// All weights of the endpoint are zero.
    case noTraffic
    case bodyTooLarge(limit: Int)
    case bodyUnreadable(BodyFault)
    /// No instance of the deployment can take the request now.
    case notReady(deployment: String)
    case upstreamFailed(deployment: String, phase: UpstreamFailure.Phase)
    case timedOut(deployment: String, milliseconds: Int)
    /// Every instance has as many requests as it may, and as many wait as may.
    case queueFull(deployment: String, limit: Int)
    /// The worker has as many requests as it may, and as many wait as may.
    case workerBusy(deployment: String)
    /// No instance had a place within `max_queue_wait_ms`.
    case queueWaitOver(deployment: String, milliseconds: Int, limit: Int)
    /// No worker was ready within the request's time; one is starting.
    case coldStart(deployment: String, milliseconds: Int)
    /// Every instance asked for a pause (`Retry-After`), which is over in so many seconds: later than a request waits.
    case paused(deployment: String, seconds: Int64, milliseconds: Int)
    /// Receipts cannot be stored fast enough, or the gateway is stopping.
    case overloaded
    /// A limit counts the body's bytes and the head does not say how many come.
    case lengthRequired
    /// A limit or a quota is used up.
    case limited(LimitRefusal)
    case maintenance(Maintenance)
    /// The client's address is in none of the allowed networks.
    case networkRefused
    /// A token of an issuer that several tenants trust, without `x-gatehouse-tenant`.
    case tenantAmbiguous
    /// The endpoint gives out no tokens.
    case noTokens

    /// Whether the request never left a queue: nobody worked on it.
    package var isOfQueue: Bool {
        switch self {
        case .queueFull, .queueWaitOver, .paused, .workerBusy: true
        default: false
        }
    }

    package enum CredentialFault: Sendable, Equatable {
        case missing
        case invalid
        case conflicting
        /// A key where only `Authorization`, `api-key` and their like may stand (SECURITY K-4).
        case inQuery
    }

    package enum BodyFault: Sendable, Equatable {
        case noModel
        case modelTwice
        case modelNotText
        case notJSON
    }
}

/// An attempt at an upstream that brought no whole answer.
package struct UpstreamFailure: Error, Sendable, Equatable {
    package enum Phase: String, Sendable {
        case connect
        case send
        /// Before the first byte of the response.
        case wait
        /// A response that breaks the rules of HTTP.
        case malformed
        /// After the first byte of the response.
        case receive
    }

    package var phase: Phase
    /// Whether the connection had carried a request before.
    package var isReused: Bool
    /// Whether any byte of the request was handed to the network.
    package var hasSent: Bool

    package init(phase: Phase, isReused: Bool, hasSent: Bool) {
        self.phase = phase
        self.isReused = isReused
        self.hasSent = hasSent
    }
}

/// Decides whether a request whose attempt failed may be sent once more (SECURITY U-4).
package enum RetryRule {
    /// Instances that are tried before the caller hears that none can be reached: nothing was sent, so nothing is repeated.
    private static let connects = 4
    /// Workers that may die while they answer one request: after the second it is taken for the cause.
    package static let deaths = 2

    /// - Parameters:
    ///   - method: a method that RFC 9110 §9.2.2 calls idempotent may be repeated although a byte was sent, but only after
    ///     a kept-alive connection died before it answered.
    ///   - deaths: workers that have died while they answered it, this one included; `nil` where no worker did. What a worker
    ///     does has no effect but its answer: it may be repeated.
    ///   - canReplay: whether the whole body so far is still held.
    package static func mayRetry(
        _ failure: UpstreamFailure,
        method: String,
        attempts: Int,
        deaths: Int? = nil,
        canReplay: Bool
    ) -> Bool {
        guard canReplay else { return false }
        if let deaths { return deaths < Self.deaths }
        switch failure.phase {
        case .connect: return attempts < connects
        case .send, .wait: return attempts < 2 && (!failure.hasSent || (failure.isReused && isIdempotent(method)))
        case .malformed, .receive: return false
        }
    }

    package static func isIdempotent(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS", "PUT", "DELETE": true
        default: false
        }
    }
}
