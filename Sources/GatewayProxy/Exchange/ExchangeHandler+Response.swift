import GatewayCore
import NIOCore
import NIOHTTP1

/// The upstream's half: its answer relayed, or an error of our own in its place.
extension ExchangeHandler {
    func upstreamHead(_ head: HTTPResponseHead) {
        guard let request = current, let plan = request.plan else { return }
        request.trace?.answered(Int(head.status.code))
        if plan.deployment.isNative, let reason = WorkerRefusal(head) { return workerRefused(reason, plan) }
        let body: ResponseBody
        do throws(ResponseFault) {
            body = try ResponseRules.check(head, requestMethod: request.checked.method)
        } catch {
            return refuseUpstream()
        }
        if movesOn(after: head, plan) { return }
        guard exchange.responseHead() == .relay else { return }
        current?.kept = nil
        current?.receipt.upstreamStatus = Int(head.status.code)
        let contentType = head.headers.first(name: "content-type")
        let relay = ResponseRelay(
            plan: plan,
            contentType: contentType,
            isEncoded: head.headers.contains(name: "content-encoding"),
            told: plan.deployment.isNative ? TokenUsage(head.headers) : nil,
            isTraced: request.trace?.isSampled == true && head.status.code < 400
        )
        current?.receipt.isStreamed = Self.isEventStream(contentType)
        if current?.receipt.isStreamed == true {
            requestTimer.clear()
            requestTimer.set(.now() + Limits.idleStream)
        }
        let passed = responseHead(head, plan: plan, body: body.hasBody && relay.changesLength ? .chunked : body)
        current?.tap?.responseHead(passed.headers)
        write(.head(passed))
        current?.relay = relay
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        guard exchange.responseBody() == .relay else { return }
        if current?.receipt.firstByteMicroseconds == nil {
            let elapsed = elapsed()
            current?.receipt.firstByteMicroseconds = elapsed
        }
        if current?.receipt.isStreamed == true { requestTimer.set(.now() + Limits.idleStream) }
        if let passed = current?.relay?.body(bytes) { writeBody(passed) }
    }

    func upstreamEnd(trailers: HTTPHeaders?) {
        if let held = current?.relay?.end() { writeBody(held) }
        guard exchange.responseEnd() == .settle else { return }
        write(.end(Self.passable(trailers)))
        mustFlush = true
        settle(.completed)
    }

    func upstreamReadComplete() {
        if !isInRead { flushAll() }
    }

    func upstreamWritabilityChanged() {
        resumeReading()
    }

    /// The upstream's answer may not be passed on in any form.
    private func refuseUpstream() {
        switch call {
        case .direct(let connection): connection.refuse()
        case .curl(let upstream): upstream.refuse()
        case nil: break
        }
    }

    /// Time ran out: for the whole answer, for the first byte of a stream, or between two of its events.
    func requestTimedOut() {
        guard let plan = current?.plan else { return }
        if current?.waiter != nil { return waitEnded() }
        let timeout = plan.deployment.timeout
        if !exchange.isRequestComplete, call?.isWritable == true {
            // The client owes the rest of its body: `bodyTimer` judges that, the deployment is not to blame.
            return requestTimer.set(.now() + TimeAmount(timeout))
        }
        if movesOnAfterTimeout(plan) { return }
        refuse(.timedOut(deployment: plan.deployment.name, milliseconds: timeout.milliseconds))
    }

    // MARK: - Heads

    private func responseHead(_ head: HTTPResponseHead, plan: Plan, body: ResponseBody) -> HTTPResponseHead {
        var headers = head.headers.forwardableResponseHeaders(hasLimits: current?.isLimited ?? false)
        var status = head.status
        if plan.isScoring, status.code >= 400 {
            headers.add(name: "ms-azureml-model-error-statuscode", value: String(status.code))
            headers.add(name: "ms-azureml-model-error-reason", value: "model_error")
            status = .init(statusCode: 424)
        }
        if status.code == 429 || status.code == 503, !headers.contains(name: "retry-after") {
            headers.add(name: "retry-after", value: "1")
        }
        addOwnHeaders(to: &headers, plan: plan)
        switch body {
        case .none(let declared): if let declared { headers.add(name: "content-length", value: String(declared)) }
        case .length(let count): headers.add(name: "content-length", value: String(count))
        case .chunked, .untilClose: addUnknownLength(to: &headers)
        }
        current?.receipt.status = Int(status.code)
        return finished(status, headers)
    }

    private func addUnknownLength(to headers: inout HTTPHeaders) {
        guard version == .http1 else { return }
        if isHTTP10 { mustClose = true } else { headers.add(name: "transfer-encoding", value: "chunked") }
    }

    private var isHTTP10: Bool { current?.isHTTP10 ?? false }

    private func addOwnHeaders(to headers: inout HTTPHeaders, plan: Plan?) {
        let id = current?.receipt.requestID
        guard let plan else {
            if let id { headers.add(name: "x-request-id", value: id) }
            return
        }
        var own = [("azureml-model-deployment", plan.deployment.name)]
        if let id { own.append(("x-request-id", id)) }
        headers.add(known: own)
        if let fallback = plan.fallback { headers.replaceOrAdd(name: "x-gatehouse-fallback", value: fallback.word) }
        if let model = plan.deployment.modelLabel { headers.replaceOrAdd(name: "x-gatehouse-model", value: model) }
    }

    private func finished(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> HTTPResponseHead {
        var headers = headers
        if let current {
            // Over HTTP/1.1 the writer adds them.
            if version == .http2, let limits = current.limits { LimitHeaders.add(limits, to: &headers) }
            headers.add(allowed(current))
        }
        // Requests that wait here are answered, the last with the word.
        if version == .http1, mustClose || resources.lifecycle.isDraining && !waiting.contains(where: \.hasAnswer) {
            mustClose = true
            headers.add(name: "connection", value: "close")
        } else if isHTTP10 {
            headers.add(name: "connection", value: "keep-alive")
        }
        return HTTPResponseHead(version: isHTTP10 ? .http1_0 : .http1_1, status: status, headers: headers)
    }

    /// A preflight's answer has its own.
    private func allowed(_ request: CurrentRequest) -> [CORSHeader] {
        guard request.head.preflight == nil else { return CORSPolicy.onlyVary }
        return resources.admission.corsHeaders(
            request.head,
            endpoint: request.plan?.endpoint,
            fields: request.refusedFields,
            token: request.token,
            at: request.moment
        )
    }

    /// Event streams have no fixed end: DESIGN §3 bounds the time to their first byte and between two bytes.
    static func isEventStream(_ contentType: String?) -> Bool {
        guard let contentType = contentType?.lowercased() else { return false }
        return contentType.hasPrefix("text/event-stream") || contentType.hasPrefix("application/x-ndjson")
            || contentType.hasPrefix("application/vnd.amazon.eventstream")
    }

    // MARK: - Our own answers

    func answerLocally(_ answer: LocalAnswer) {
        guard current != nil else { return }
        let local = LocalResponse(answer, isReady: resources.lifecycle.isReady)
        current?.receipt.outcome = .completed
        // Whoever looks whether the gateway is there looks often.
        if case .alive = answer { current?.trace = nil }
        if case .ready = answer { current?.trace = nil }
        respond(local.status, local.body, headers: local.headers)
        settle(.completed)
    }

    /// Answers with an error; cuts the stream where an answer has begun.
    func refuse(_ refusal: Refusal) {
        guard let request = current else { return }
        if case .unauthenticated = refusal, slowsDown({ $0.refuse(refusal) }) { return }
        if case .limited(let limited) = refusal { request.exceeded = limited.report }
        call?.cancel()
        call = nil
        switch exchange.failed() {
        case .refuse:
            if request.plan == nil { noteOwner(of: request) }
            let response = ErrorResponse(
                refusal,
                dialect: request.plan?.dialect ?? resources.admission.dialect(of: request.head),
                isScoring: request.plan?.isScoring ?? false,
                requestID: request.receipt.requestID
            )
            current?.receipt.refusal = response.rule
            if request.mustSendContinue { mustClose = version == .http1 }
            respond(response.status, response.body, headers: response.headers)
            settle(request.plan == nil || refusal.isOfQueue ? .refused : .failed)
        case .cut: cut(refusal)
        case .hold, .decide, .forward, .discard, .relay, .settle, .cancel, .ignore: break
        }
    }

    /// Says in the receipt whose the request is, although nothing of it was admitted.
    private func noteOwner(of request: CurrentRequest) {
        guard
            let owner = resources.admission.owner(
                of: request.head,
                fields: request.refusedFields,
                token: request.token,
                at: request.moment
            )
        else { return }
        request.receipt.tenant = owner.tenant
        request.receipt.endpoint = owner.endpoint
    }

    /// Answers a request whose head broke a rule.
    func refuseUnread(_ refusal: Refusal, path: String) {
        var receipt = resources.beginReceipt()
        receipt.httpVersion = version == .http1 ? "http/1.1" : "h2"
        receipt.clientAddress = client.address
        let dialect = Dialect(path: path)
        let response = ErrorResponse(refusal, dialect: dialect, isScoring: false, requestID: receipt.requestID)
        receipt.refusal = response.rule
        receipt.status = Int(response.status.code)
        receipt.outcome = .refused
        resources.receipts.append(receipt)
        resources.lifecycle.exchangeEnded()
        var headers = HTTPHeaders(response.headers)
        headers.add(name: "x-request-id", value: receipt.requestID)
        headers.add(name: "content-length", value: String(response.body.readableBytes))
        headers.add(CORSPolicy.onlyVary)
        if version == .http1 { headers.add(name: "connection", value: "close") }
        write(.head(HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)))
        write(.body(.byteBuffer(response.body)))
        write(.end(nil))
        mustFlush = true
        linger()
    }

    func respond(_ status: HTTPResponseStatus, _ body: ByteBuffer, headers extra: [(String, String)]) {
        var headers = HTTPHeaders(extra)
        addOwnHeaders(to: &headers, plan: current?.plan)
        if status != .noContent { headers.add(name: "content-length", value: String(body.readableBytes)) }
        current?.receipt.status = Int(status.code)
        let head = finished(status, headers)
        current?.tap?.responseHead(head.headers)
        write(.head(head))
        if current?.checked.method != .HEAD { writeBody(body) }
        write(.end(nil))
        mustFlush = true
        exchange.answeredLocally()
    }

    /// The trailers that may go on; `nil` when none may.
    static func passable(_ trailers: HTTPHeaders?) -> HTTPHeaders? {
        guard let kept = trailers?.forwardableTrailers(), !kept.isEmpty else { return nil }
        return kept
    }

    // MARK: - Writing

    private func writeBody(_ bytes: ByteBuffer) {
        current?.receipt.responseBytes += Int64(bytes.readableBytes)
        if let tap = current?.tap { tap.responseBody(bytes, at: elapsed()) }
        write(.body(.byteBuffer(bytes)))
    }

    /// Microseconds since the request began.
    func elapsed() -> Int64 {
        guard let started = current?.started else { return 0 }
        return (NIODeadline.now() - started).nanoseconds / 1000
    }
}

extension Dialect {
    /// For errors before the URL form is known.
    init(path: String) {
        self =
            if path.hasPrefix("/v1/messages") {
                .anthropic
            } else if path.hasPrefix("/v1/") || path.hasPrefix("/openai/") { .openAI } else { .azure }
    }
}
