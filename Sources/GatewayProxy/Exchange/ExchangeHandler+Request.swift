import Curl
import GatewayCore
import NIOCore
import NIOHTTP1

/// The client's half: from the first byte of a request to its last, sent on or refused.
extension ExchangeHandler {
    func receive(_ part: HTTPServerRequestPart) {
        if isLingering { return discard(part) }
        switch part {
        case .head(let head):
            guard exchange.isIdle, waiting.isEmpty else { return waiting.append(.part(part)) }
            begin(head)
        case .body(let bytes):
            guard waiting.isEmpty else { return waiting.append(.part(part)) }
            receiveBody(bytes)
        case .end(let trailers):
            guard waiting.isEmpty else { return waiting.append(.part(part)) }
            receiveEnd(trailers)
        }
    }

    /// What waited behind the exchange that is over now.
    func receiveWaiting() {
        // A request that is answered at once ends in here again: the loop below takes the next, the stack does not grow.
        guard !isReceivingWaiting else { return }
        isReceivingWaiting = true
        while let next = waiting.first, !isLingering, context != nil, mayTake(next) {
            waiting.removeFirst()
            switch next {
            case .part(.head(let head)): begin(head)
            case .part(.body(let bytes)): receiveBody(bytes)
            case .part(.end(let trailers)): receiveEnd(trailers)
            case .fault(let status, let reason): receiveFault(status: status, reason: reason)
            }
        }
        isReceivingWaiting = false
        resumeReading()
    }

    /// Whether it is this one's turn: a head, and a fault behind whole requests, come after the answer that is being given.
    private func mayTake(_ next: Waiting) -> Bool {
        switch next {
        case .part(.head): exchange.isIdle
        case .part(.body), .part(.end): true
        case .fault: exchange.isIdle || !exchange.isRequestComplete
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        connectionTimer.clear()
        isHeadTimed = false
        exchange.requestHead()
        resources.lifecycle.exchangeBegan()
        let checked: CheckedRequest
        do throws(RequestFault) {
            checked = try RequestRules.check(head, over: version)
        } catch {
            mustClose = true
            return refuseUnread(.malformed(status: error.status, reason: error.reason), path: head.uri)
        }
        if !checked.acceptsKeepAlive || checked.isUpgrade {
            mustClose = version == .http1
        }
        let request = CurrentRequest(
            checked: checked,
            isHTTP10: head.version == .http1_0,
            receipt: resources.beginReceipt(checked.requestID),
            started: .now(),
            client: client
        )
        request.receipt.httpVersion = version == .http1 ? "http/1.1" : "h2"
        request.receipt.method = checked.method.rawValue
        request.receipt.path = checked.path
        request.receipt.clientAddress = client.address
        request.trace = resources.tracer?.begin(checked.forwardable, at: request.started)
        current = request
        decide(fields: nil)
    }

    /// Asks admission, with what is known of the body so far.
    func decide(fields: BodyFields?) {
        guard let request = current else { return }
        do throws(Refusal) {
            let decision = try resources.admission.admit(
                request.head,
                fields: fields,
                token: request.token,
                header: { request.checked.forwardable.first(name: $0) },
                at: request.moment
            )
            switch decision {
            case .plan(let plan): start(plan)
            case .queue(let plan): startWaiting(plan)
            case .needsBody(let limit): hold(upTo: limit)
            case .needsToken: verifyToken()
            case .answer(let answer): answerLocally(answer)
            case .issuer: askIssuer()
            case .issueToken(let wanted): issueToken(wanted)
            }
        } catch {
            request.refusedFields = fields
            refuse(error)
        }
    }

    /// The body is needed; all of it may be here already.
    private func hold(upTo limit: Int) {
        current?.holdLimit = limit
        sendContinue()
        if exchange.isRequestComplete {
            decide(fields: readFields())
        } else if let current, current.keptBytes > limit {
            decideOnPrefix()
        }
    }

    private func start(_ plan: Plan) {
        adopt(plan)
        requestTimer.set(.now() + TimeAmount(plan.deployment.timeout))
        connect(plan)
    }

    private func startWaiting(_ plan: Plan) {
        adopt(plan)
        wait(plan)
    }

    /// The request has a plan: what becomes of it is told in its terms.
    private func adopt(_ plan: Plan) {
        guard let current else { return }
        current.plan = plan
        current.trace?.admitted()
        if plan.endpoint.fallback != nil { current.replayBound = Limits.replayableBodyWithFallback }
        current.receipt.deployment = plan.deployment.name
        current.receipt.tenant = plan.endpoint.tenant
        current.receipt.endpoint = plan.endpoint.name
        current.receipt.caller = plan.caller.label
        // What somebody calls a model may be longer than any name.
        if let model = plan.fields?.model {
            let isName = model.utf8.count <= Limits.modelName
            current.receipt.model = isName ? model : String(model.unicodeScalars.prefix(Limits.modelName))
        }
        beginCapture(plan)
        sendContinue()
    }

    func connect(_ plan: Plan) {
        exchange.planned()
        attempt += 1
        current?.attempts += 1
        current?.attemptStarted = .now()
        current?.tried.append(plan.instance)
        current?.receipt.deployment = plan.deployment.name
        current?.receipt.instance = plan.instance.url
        current?.trace?.callBegan(plan, attempts: current?.attempts ?? 1)
        switch plan.instance.address.transport {
        case .http, .unix:
            // Another kept connection may be as dead as the one that failed: a second attempt has its own.
            let isFresh = (current?.attempts ?? 0) > 1
            resources.pool.connect(self, to: plan.instance, attempt: attempt, isFresh: isFresh)
        case .https:
            let upstream = CurlUpstream(
                client: resources.curl,
                loop: resources.loop,
                plan: plan,
                isFresh: (current?.attempts ?? 0) > 1,
                caller: self
            )
            upstreamReady(.curl(upstream))
        }
    }

    func isWaiting(forAttempt number: Int) -> Bool { exchange.isConnecting && attempt == number }

    func upstreamReady(_ call: UpstreamCall) {
        guard exchange.upstreamReady() == .forward, let plan = current?.plan else { return call.cancel() }
        self.call = call
        sendRequest(plan, over: call)
        mustFlushUpstream = true
        if !isInRead { flushAll() }
        if context?.channel.isWritable == false { call.setReading(false) }
        resumeReading()
    }

    /// Sends the head and all of the body that has come.
    private func sendRequest(_ plan: Plan, over call: UpstreamCall) {
        guard let request = current else { return }
        let (body, length) = request.body(for: plan)
        let left = requestTimer.deadline.map { Duration.nanoseconds(max(0, ($0 - .now()).nanoseconds)) }
        let trace = request.trace?.upstream
        let head = UpstreamHead.make(request, plan: plan, body: length, from: client, timeLeft: left, trace: trace)
        guard WriteRules.isSafeToWrite(method: head.method, target: head.uri, headers: head.headers) else {
            return refuse(.malformed(status: 400, reason: "The request cannot be written as one HTTP/1.1 request."))
        }
        call.sendHead(head, body: length, announcesTrailers: request.checked.announcesTrailers)
        request.receipt.isSent = true
        if let body, body.readableBytes > 0 { call.sendBody(body) }
        if exchange.isRequestComplete { call.sendEnd(trailers: request.trailers) }
        awaitMirrors(plan)
        if request.keptBytes > request.replayBound, plan.fields == nil {
            request.kept = nil
            request.canReplay = false
        }
    }

    private func receiveBody(_ bytes: ByteBuffer) {
        bodyWindowBytes += bytes.readableBytes
        current?.receipt.requestBytes += Int64(bytes.readableBytes)
        current?.tap?.requestBody(bytes)
        switch exchange.requestBody() {
        case .hold:
            current?.keep(bytes)
            mirror(bytes)
            guard exchange.isHolding, let current, !current.isAsking, current.keptBytes > current.holdLimit else {
                return
            }
            decideOnPrefix()
        case .forward:
            call?.sendBody(bytes)
            mirror(bytes)
            mustFlushUpstream = true
            current?.keepForReplay(bytes)
            extendRequestTime()
        case .discard: countDiscarded(bytes.readableBytes)
        case .decide, .relay, .refuse, .cut, .settle, .cancel, .ignore: break
        }
    }

    private func receiveEnd(_ trailers: HTTPHeaders?) {
        bodyTimer.clear()
        switch exchange.requestEnd() {
        case .hold:
            current?.trailers = Self.passable(trailers)
            endMirrors()
        case .decide:
            current?.trailers = Self.passable(trailers)
            wholeBodyCame()
        case .forward:
            call?.sendEnd(trailers: Self.passable(trailers))
            endMirrors()
            mustFlushUpstream = true
            extendRequestTime()
        case .settle: nextRequest()
        case .discard, .relay, .refuse, .cut, .cancel, .ignore: break
        }
    }

    /// The body is larger than what is held: go on with what its beginning says.
    private func decideOnPrefix() {
        if current?.isForIssuer == true { return refuse(.bodyTooLarge(limit: current?.holdLimit ?? 0)) }
        decide(fields: readFields())
    }

    private func wholeBodyCame() {
        guard let current, !current.isAsking else { return }
        if current.isForIssuer { askIssuer() } else { decide(fields: readFields()) }
    }

    private func readFields() -> BodyFields {
        let bytes = current?.kept ?? ByteBuffer()
        let fields = BodyFields(of: bytes.readableBytesUInt8Span, contentType: current?.checked.contentType)
        current?.trace?.asks(bytes, fields)
        return fields
    }

    /// A client that waits for it may send its body now.
    func sendContinue() {
        guard current?.mustSendContinue == true else { return }
        current?.mustSendContinue = false
        guard !exchange.isRequestComplete, current?.keptBytes == 0 else { return }
        write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        flushSoon()
    }

    /// Time is counted from the last byte that the client owed.
    private func extendRequestTime() {
        guard let plan = current?.plan, !exchange.hasResponseBegun else { return }
        requestTimer.set(.now() + TimeAmount(plan.deployment.timeout))
    }

    private func discard(_ part: HTTPServerRequestPart) {
        if case .body(let bytes) = part { countDiscarded(bytes.readableBytes) }
    }

    private func countDiscarded(_ count: Int) {
        discardedBytes += count
        if discardedBytes > Limits.discardedBody { closeNow() }
    }
}
