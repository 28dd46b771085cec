import GatewayCore
import NIOCore
import NIOHTTP1

/// What an exchange cannot decide on its event loop: it waits, and goes on when the answer comes.
extension ExchangeHandler {
    func verifyToken() {
        guard case .bearer(let text) = current?.head.credential else { return refuse(.unauthenticated(.invalid)) }
        let verify = resources.tokens.verify
        let generation = resources.admission.tokenGeneration
        current?.trace?.authenticationBegan()
        ask {
            await verify(text)
        } then: { handler, request, token in
            request.trace?.authenticationEnded()
            guard let token else { return handler.refuse(.unauthenticated(.invalid)) }
            let admission = handler.resources.admission
            // What is trusted has changed while this one was looked at.
            guard admission.remember(token, of: request.head, generation: generation, at: request.moment) else {
                return handler.verifyToken()
            }
            request.token = token
            handler.decide(fields: nil)
        }
    }

    func issueToken(_ wanted: EndpointTokenRequest) {
        let issue = resources.tokens.issue
        current?.receipt.tenant = wanted.tenant
        current?.receipt.endpoint = wanted.endpoint
        ask {
            await issue(wanted)
        } then: { handler, _, answer in
            handler.pass(answer)
        }
    }

    /// The built-in issuer reads the whole body, which is small.
    func askIssuer() {
        guard let request = current else { return }
        guard exchange.isRequestComplete else {
            request.isForIssuer = true
            request.holdLimit = Limits.issuerBody
            return sendContinue()
        }
        let call = TokenAuthority.Call(
            method: request.head.method,
            path: request.head.path,
            host: request.checked.authority,
            contentType: request.head.contentType,
            authorization: request.checked.credentials.authorization,
            body: request.kept.map { Array($0.readableBytesView) } ?? []
        )
        let answer = resources.tokens.answer
        ask {
            await answer(call)
        } then: { handler, _, answer in
            // 401 is a client that did not prove itself, here as everywhere.
            if answer.status == 401, handler.slowsDown({ $0.pass(answer) }) { return }
            handler.pass(answer)
        }
    }

    /// Too many failures from one address: the next ones hear of theirs a little later (SECURITY K-5).
    ///
    /// - Parameter action: what is done then, unless the exchange has ended meanwhile.
    /// - Returns: whether the failure is put off.
    func slowsDown(_ action: @escaping (ExchangeHandler) -> Void) -> Bool {
        guard let request = current, !request.isAsking, !exchange.hasResponseBegun, let address = client.ipAddress,
            resources.failures.isOverLimit(address, at: request.moment)
        else { return false }
        request.isAsking = true
        _ = resources.loop.assumeIsolated().scheduleTask(in: Limits.failureDelay) { [weak self, weak request] in
            guard let self, let request, self.current === request else { return }
            action(self)
            if !self.isInRead { self.flushAll() }
        }
        return true
    }

    /// Runs beside the event loop and comes back to it; nothing happens when the exchange has ended meanwhile.
    private func ask<Value: Sendable>(
        _ question: @escaping @Sendable () async -> Value,
        then body: @escaping (ExchangeHandler, CurrentRequest, Value) -> Void
    ) {
        guard let request = current else { return }
        request.isAsking = true
        // Nothing cancels the task: a token that was asked for is verified for the next request too, in bounded time.
        let answer = resources.loop.makeFutureWithTask { await question() }
        answer.assumeIsolated().whenSuccess { [weak self, weak request] value in
            guard let self, let request, self.current === request else { return }
            request.isAsking = false
            body(self, request, value)
            if !self.isInRead { self.flushAll() }
            self.resumeReading()
        }
    }

    private func pass(_ answer: TokenAuthority.Answer) {
        guard current != nil else { return }
        respond(HTTPResponseStatus(statusCode: answer.status), ByteBuffer(bytes: answer.body), headers: answer.headers)
        settle(answer.status < 400 ? .completed : .refused)
    }
}
