import GatewayCore

/// One request and its response, as a state machine that owns no I/O.
///
/// Every method takes one event and returns the one thing its owner must do.
struct Exchange {
    enum Action: Equatable {
        /// Keep the request's bytes; nothing can be sent yet.
        case hold
        /// The held body is whole: ask admission again.
        case decide
        /// Hand it to the upstream.
        case forward
        /// Nobody wants these bytes any more.
        case discard
        /// Hand it to the client.
        case relay
        /// Answer with the gateway's own error.
        case refuse
        /// End the client's stream so that it cannot be taken for whole.
        case cut
        /// Settle the accounts; the connection may take the next request.
        case settle
        /// Settle; the client leaves nothing to be sent.
        case cancel
        case ignore
    }

    private enum State: Equatable {
        case idle
        /// The body is held until admission knows enough.
        case holding
        /// A connection is being made; the request waits.
        case connecting
        /// The request is being sent; nothing has come back.
        case waiting
        /// The response head went to the client.
        case relaying
        /// The response is whole, the request is not.
        case answered
    }

    private var state = State.idle
    private(set) var isRequestComplete = false

    var isIdle: Bool { state == .idle }
    var hasAnswered: Bool { state == .answered }
    /// Whether the client got the head of a response.
    var hasResponseBegun: Bool { state == .relaying || state == .answered }
    var isHolding: Bool { state == .holding }
    var isConnecting: Bool { state == .connecting }

    /// A request's head came; what becomes of it is told by one of `held`, `planned` and `answeredLocally`.
    mutating func requestHead() {
        switch state {
        case .idle:
            state = .holding
            isRequestComplete = false
        case .holding, .connecting, .waiting, .relaying, .answered:
            preconditionFailure("pipelined heads wait in the handler's queue")
        }
    }

    /// Admission made a plan; the upstream is being asked for a connection.
    mutating func planned() {
        switch state {
        case .holding, .connecting, .waiting: state = .connecting
        case .idle, .relaying, .answered: preconditionFailure("a plan is made once, before an answer")
        }
    }

    mutating func requestBody() -> Action {
        switch state {
        case .idle, .answered: .discard
        case .holding, .connecting: .hold
        case .waiting, .relaying: .forward
        }
    }

    mutating func requestEnd() -> Action {
        isRequestComplete = true
        switch state {
        case .idle: return .ignore
        case .holding: return .decide
        case .connecting: return .hold
        case .waiting, .relaying: return .forward
        case .answered:
            state = .idle
            return .settle
        }
    }

    /// The upstream can take the request.
    mutating func upstreamReady() -> Action {
        switch state {
        case .connecting:
            state = .waiting
            return .forward
        case .idle, .holding, .waiting, .relaying, .answered: return .ignore
        }
    }

    mutating func responseHead() -> Action {
        switch state {
        case .waiting:
            state = .relaying
            return .relay
        case .idle, .holding, .connecting, .relaying, .answered: return .ignore
        }
    }

    mutating func responseBody() -> Action {
        switch state {
        case .relaying: .relay
        case .idle, .holding, .connecting, .waiting, .answered: .ignore
        }
    }

    mutating func responseEnd() -> Action {
        switch state {
        case .relaying:
            finishResponse()
            return .settle
        case .idle, .holding, .connecting, .waiting, .answered: return .ignore
        }
    }

    /// The gateway answered itself: the whole response is written.
    mutating func answeredLocally() {
        finishResponse()
    }

    /// The upstream failed, or took too long, and the request is not sent again.
    mutating func failed() -> Action {
        switch state {
        case .holding, .connecting, .waiting: return .refuse
        case .relaying:
            state = .idle
            return .cut
        case .idle, .answered: return .ignore
        }
    }

    mutating func clientLeft() -> Action {
        switch state {
        case .idle: return .ignore
        case .holding, .connecting, .waiting, .relaying:
            state = .idle
            return .cancel
        case .answered:
            state = .idle
            return .ignore
        }
    }

    private mutating func finishResponse() {
        state = isRequestComplete ? .idle : .answered
    }
}
