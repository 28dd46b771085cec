import Testing

@testable import GatewayProxy

/// Scripts of events and the actions they must cause.
@Suite struct ExchangeTests {
    enum Event: Sendable {
        case head, planned, body, end, ready, responseHead, responseBody, responseEnd, answered, failed, left
    }

    /// A script that leads to each state.
    enum Place: Sendable, CaseIterable {
        case idle, holding, connecting, waiting, relaying, answered

        var script: [Event] {
            switch self {
            case .idle: []
            case .holding: [.head]
            case .connecting: [.head, .planned]
            case .waiting: [.head, .planned, .ready]
            case .relaying: [.head, .planned, .ready, .responseHead]
            case .answered: [.head, .planned, .ready, .responseHead, .responseEnd]
            }
        }
    }

    /// Feeds one event; `nil` for events that cause no action.
    private func feed(_ exchange: inout Exchange, _ event: Event) -> Exchange.Action? {
        switch event {
        case .head:
            exchange.requestHead()
            return nil
        case .planned:
            exchange.planned()
            return nil
        case .answered:
            exchange.answeredLocally()
            return nil
        case .body: return exchange.requestBody()
        case .end: return exchange.requestEnd()
        case .ready: return exchange.upstreamReady()
        case .responseHead: return exchange.responseHead()
        case .responseBody: return exchange.responseBody()
        case .responseEnd: return exchange.responseEnd()
        case .failed: return exchange.failed()
        case .left: return exchange.clientLeft()
        }
    }

    private func run(_ script: [Event]) -> (exchange: Exchange, actions: [Exchange.Action]) {
        var exchange = Exchange()
        var actions: [Exchange.Action] = []
        for event in script {
            if let action = feed(&exchange, event) { actions.append(action) }
        }
        return (exchange, actions)
    }

    @Test(arguments: [
        // idle, holding, connecting, waiting, relaying, answered
        (Event.body, [Exchange.Action.discard, .hold, .hold, .forward, .forward, .discard]),
        (.end, [.ignore, .decide, .hold, .forward, .forward, .settle]),
        (.ready, [.ignore, .ignore, .forward, .ignore, .ignore, .ignore]),
        (.responseHead, [.ignore, .ignore, .ignore, .relay, .ignore, .ignore]),
        (.responseBody, [.ignore, .ignore, .ignore, .ignore, .relay, .ignore]),
        (.responseEnd, [.ignore, .ignore, .ignore, .ignore, .settle, .ignore]),
        (.failed, [.ignore, .refuse, .refuse, .refuse, .cut, .ignore]),
        (.left, [.ignore, .cancel, .cancel, .cancel, .cancel, .ignore]),
    ])
    func `every event in every state has one action`(event: Event, expected: [Exchange.Action]) {
        for (place, action) in zip(Place.allCases, expected) {
            var exchange = run(place.script).exchange
            #expect(feed(&exchange, event) == action, "\(event) while \(place)")
        }
    }

    @Test func `a request whose answer follows it is held, decided, forwarded, relayed and settled`() {
        let result = run([
            .head, .body, .end, .planned, .ready, .responseHead, .responseBody, .responseEnd,
        ])
        #expect(result.actions == [.hold, .decide, .forward, .relay, .relay, .settle])
        #expect(result.exchange.isIdle)
    }

    @Test func `an answer may overtake its request, which is then thrown away`() {
        let result = run([
            .head, .planned, .ready, .body, .responseHead, .responseBody, .body, .responseEnd, .body, .end,
        ])
        #expect(result.actions == [.forward, .forward, .relay, .relay, .forward, .settle, .discard, .settle])
        #expect(result.exchange.isIdle)
    }

    @Test func `an attempt that failed before an answer may be made again`() {
        let result = run([.head, .planned, .end, .ready, .planned, .ready, .responseHead, .responseEnd])
        #expect(result.actions == [.hold, .forward, .forward, .relay, .settle])
        #expect(result.exchange.isIdle)
    }

    @Test func `a local answer waits for the request's end`() {
        var open = run([.head, .answered]).exchange
        #expect(open.hasAnswered)
        #expect(open.requestBody() == .discard)
        #expect(open.requestEnd() == .settle)
        #expect(open.isIdle)
        #expect(run([.head, .end, .answered]).exchange.isIdle)
    }

    @Test func `a failure is told to the client once`() {
        var exchange = run([.head, .planned, .ready, .responseHead]).exchange
        #expect(exchange.failed() == .cut)
        #expect(exchange.failed() == .ignore)
        #expect(exchange.responseBody() == .ignore)
        #expect(exchange.responseEnd() == .ignore)
        #expect(exchange.clientLeft() == .ignore)
    }

    @Test func `a client that left is settled once`() {
        for place in Place.allCases {
            var exchange = run(place.script).exchange
            _ = exchange.clientLeft()
            #expect(exchange.isIdle)
            #expect(exchange.clientLeft() == .ignore)
            #expect(exchange.upstreamReady() == .ignore)
            #expect(exchange.failed() == .ignore)
        }
    }

    @Test func `the next request begins afresh`() {
        var exchange = run([.head, .end, .planned, .ready, .responseHead, .responseEnd]).exchange
        #expect(exchange.isRequestComplete)
        exchange.requestHead()
        #expect(!exchange.isRequestComplete)
        #expect(!exchange.hasResponseBegun)
        #expect(exchange.isHolding)
    }
}
