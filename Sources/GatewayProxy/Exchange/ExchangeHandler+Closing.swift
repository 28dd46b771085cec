import GatewayCore
import GatewayTLS
import NIOCore
import NIOHTTP1

/// How exchanges and connections end. Every exchange is settled here, once, whatever became of it.
extension ExchangeHandler {
    /// Books the exchange and makes room for the next.
    func settle(_ outcome: Receipt.Outcome) {
        guard let request = current else { return }
        current = nil
        call = nil
        requestTimer.clear()
        leaveQueue(request)
        if !exchange.isRequestComplete { for call in request.mirrors { call.abandon("RequestIncomplete") } }
        let receipt = receipt(of: request, outcome)
        endCapture(request, receipt)
        request.trace?.finish(receipt, request.relay?.facts)
        resources.receipts.append(receipt)
        resources.lifecycle.exchangeEnded()
        if exchange.isIdle {
            nextRequest()
        } else {
            discardedBytes = 0
            if mustClose {
                linger()
            } else {
                startBodyWatch()
                resumeReading()
            }
        }
        if !isInRead { flushAll() }
    }

    private func receipt(of request: CurrentRequest, _ outcome: Receipt.Outcome) -> Receipt {
        var receipt = request.receipt
        receipt.outcome = outcome
        // Of a stream that was cut or left, too: what the model has done is done.
        receipt.promptTokens = request.relay?.usage.prompt
        receipt.completionTokens = request.relay?.usage.completion
        receipt.attempts = request.attempts
        receipt.durationMicroseconds = (NIODeadline.now() - request.started).nanoseconds / 1000
        if let plan = request.plan {
            plan.leave(begun: request.begun, at: .uptime)
            if let fallback = plan.fallback { receipt.fallback = fallback.word }
            Self.settleUsage(plan, &receipt, untoldPieces: request.relay?.untoldPieces ?? 0)
        }
        return receipt
    }

    /// Books what the exchange used; a call that failed costs nothing, one that the upstream refused no tokens.
    private static func settleUsage(_ plan: Plan, _ receipt: inout Receipt, untoldPieces: Int64) {
        let isRefused = receipt.upstreamStatus >= 400
        let isAnswered = receipt.countsAsUsage
        let actual = ActualUsage(
            inputTokens: receipt.promptTokens ?? (isRefused ? 0 : nil),
            outputTokens: receipt.completionTokens ?? (isRefused ? 0 : nil),
            untoldPieces: isRefused ? 0 : untoldPieces,
            bodyBytes: receipt.requestBytes,
            isAnswered: isAnswered
        )
        if let permit = plan.permit {
            (receipt.countedInputTokens, receipt.countedOutputTokens) = permit.counted(actual)
            receipt.cost = permit.settle(actual, at: .now)
        } else if isAnswered {
            (receipt.countedInputTokens, receipt.countedOutputTokens) = actual.counted(Demand())
            receipt.cost =
                plan.deployment.price?.cost(input: receipt.countedInputTokens, output: receipt.countedOutputTokens) ?? 0
        }
    }

    /// The exchange is over on both sides.
    func nextRequest() {
        bodyTimer.clear()
        slowWindows = 0
        bodyWindowBytes = 0
        guard version == .http1, !isLingering else { return }
        if mustClose {
            linger()
        } else {
            awaitNextRequest()
            receiveWaiting()
        }
    }

    /// Starts the clock for a connection without a request, or for a head that has begun behind the last one.
    func awaitNextRequest() {
        let lifecycle = resources.lifecycle
        isHeadTimed = hasHeadBegun
        let idle = lifecycle.isDraining ? lifecycle.farewell : lifecycle.idle
        connectionTimer.set(.now() + (isHeadTimed ? Limits.head : idle))
    }

    /// Ends a stream in a way that cannot be taken for its end: no last chunk, no END_STREAM.
    func cut(_ refusal: Refusal) {
        current?.receipt.refusal = "Cut"
        isLingering = true
        flush()
        // A close-delimited answer would pass for whole behind TLS's own farewell.
        context?.triggerUserOutboundEvent(TLSAbort(), promise: nil)
        // A caller whose own bytes break the rules meanwhile has left; its upstream has not failed.
        if case .malformed = refusal { settle(.cancelled) } else { settle(.failed) }
        context?.close(promise: nil)
    }

    func clientLeft() {
        waiting.removeAll()
        isLingering = true
        guard exchange.clientLeft() == .cancel else { return }
        call?.cancel()
        call = nil
        settle(.cancelled)
    }

    /// The last answer is written: end our side, and let the client take it before the socket goes.
    ///
    /// Closing at once while bytes are unread would reset the connection and could destroy the answer on its way; so would
    /// closing before the client has taken what still waits here.
    func linger() {
        guard !isLingering, let context else { return }
        isLingering = true
        waiting.removeAll()
        flush()
        connectionTimer.set(.now() + (version == .http1 ? Limits.stalledClient : Limits.linger))
        // A stream has no half to close: it is over when the client has sent all, else it is reset when the time is up.
        guard version == .http1 else { return }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.connectionTimer.set(.now() + Limits.linger)
        }
        context.close(mode: .output, promise: sent)
        context.read()
    }

    /// The client owes a head, was idle for too long, or did not take the end of a closing connection.
    func connectionTimedOut() {
        guard exchange.isIdle || isLingering else { return }
        // At the end of a farewell the last answer may still be on its way.
        if resources.lifecycle.isDraining, !isLingering { linger() } else { context?.close(promise: nil) }
    }

    func clientStalled() {
        clientLeft()
        context?.close(promise: nil)
    }

    /// Bytes that are no request: answered in their turn, then the connection closes.
    func receiveFault(status: Int, reason: String) {
        guard !isLingering else { return }
        guard waiting.isEmpty || isReceivingWaiting else {
            // The decoder may complain once more behind the guard.
            if !hasFault { waiting.append(.fault(status: status, reason: reason)) }
            hasFault = true
            return
        }
        if exchange.isIdle {
            exchange.requestHead()
            resources.lifecycle.exchangeBegan()
            mustClose = true
            refuseUnread(.malformed(status: status, reason: reason), path: "")
        } else if exchange.isRequestComplete {
            if !hasFault { waiting.append(.fault(status: status, reason: reason)) }
            hasFault = true
        } else {
            mustClose = true
            refuse(.malformed(status: status, reason: reason))
            if exchange.hasAnswered { linger() }
        }
        if !isInRead { flushAll() }
    }

    // MARK: - Slow clients

    func startBodyWatch() {
        bodyTimer.setIfEarlier(.now() + Limits.bodyWindow)
    }

    /// SECURITY T-1: a body that dribbles is cut, however regularly it drips.
    func bodyWindowEnded() {
        guard !exchange.isIdle, !exchange.isRequestComplete else { return }
        let isOurFault = call.map { !$0.isWritable } ?? exchange.isConnecting
        slowWindows = bodyWindowBytes < Limits.bodyProgress && !isOurFault ? slowWindows + 1 : 0
        bodyWindowBytes = 0
        if slowWindows >= Limits.slowWindows {
            mustClose = true
            if exchange.hasAnswered { return linger() }
            refuse(.malformed(status: 408, reason: "The request's body came too slowly."))
        } else {
            startBodyWatch()
        }
    }
}
