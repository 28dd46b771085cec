import GatewayCore
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
        request.receipt.outcome = outcome
        // Of a stream that was cut or left, too: what the model has done is done.
        request.receipt.promptTokens = request.relay?.usage.prompt
        request.receipt.completionTokens = request.relay?.usage.completion
        request.receipt.attempts = request.attempts
        request.receipt.durationMicroseconds = (NIODeadline.now() - request.started).nanoseconds / 1000
        resources.receipts.append(request.receipt)
        resources.lifecycle.exchangeEnded()
        if exchange.isIdle {
            nextRequest()
        } else {
            discardedBytes = 0
            if mustClose { linger() } else { startBodyWatch() }
        }
        if !isInRead { flushAll() }
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
            connectionTimer.set(.now() + Limits.idleConnection)
            receiveWaiting()
        }
    }

    /// Ends a stream in a way that cannot be taken for its end: no last chunk, no END_STREAM.
    func cut(_ refusal: Refusal) {
        current?.receipt.refusal = "Cut"
        isLingering = true
        settle(.failed)
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
    /// Closing at once while bytes are unread would reset the connection and could destroy the answer on its way.
    func linger() {
        guard !isLingering, let context else { return }
        isLingering = true
        mustFlush = false
        waiting.removeAll()
        context.flush()
        // A stream has no half to close: when the client owes nothing it is over, else it is reset behind the answer.
        if version == .http2 { return context.close(promise: nil) }
        connectionTimer.set(.now() + Limits.linger)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    /// The client owes a head, was idle for too long, or did not take the end of a closing connection.
    func connectionTimedOut() {
        guard exchange.isIdle || isLingering else { return }
        context?.close(promise: nil)
    }

    func clientStalled() {
        clientLeft()
        context?.close(promise: nil)
    }

    /// Bytes that are no request: answered in their turn, then the connection closes.
    func receiveFault(status: Int, reason: String) {
        guard !isLingering, !hasFault else { return }
        guard waiting.isEmpty else {
            // The decoder may complain once more behind the guard: the first fault counts.
            hasFault = true
            return waiting.append(.fault(status: status, reason: reason))
        }
        if exchange.isIdle {
            exchange.requestHead()
            resources.lifecycle.exchangeBegan()
            mustClose = true
            refuseUnread(.malformed(status: status, reason: reason), path: "")
        } else if exchange.isRequestComplete {
            hasFault = true
            waiting.append(.fault(status: status, reason: reason))
        } else {
            mustClose = true
            refuse(.malformed(status: status, reason: reason))
            if exchange.hasAnswered { linger() }
        }
        if !isInRead { flushAll() }
    }
}
