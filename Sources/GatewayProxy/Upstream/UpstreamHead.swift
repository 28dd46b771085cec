import GatewayCore
import NIOCore
import NIOHTTP1

/// Builds what an upstream is sent: the checked request, our forwarding headers, and what the deployment adds.
enum UpstreamHead {
    /// - Parameters:
    ///   - body: its length as the upstream is told.
    ///   - timeLeft: until nobody waits for the answer any more; nil: all that the deployment has.
    ///   - trace: what it is told of its trace; nil: what the client said.
    static func make(
        _ request: CurrentRequest,
        plan: Plan,
        body: BodyLength,
        from client: ClientFacts,
        timeLeft: Duration? = nil,
        trace: TraceContext? = nil
    ) -> HTTPRequestHead {
        var headers = request.checked.forwardable
        for name in plan.deployment.removedHeaders { headers.remove(name: name) }
        headers.reserveCapacity(headers.count + 8 + plan.deployment.headers.count)
        let authority = request.checked.authority
        var own = [
            ("host", plan.instance.authority),
            ("x-request-id", request.receipt.requestID),
            ("x-forwarded-for", client.address),
            ("x-forwarded-proto", ClientFacts.scheme),
            ("forwarded", client.forwarded(host: authority)),
        ]
        own.reserveCapacity(own.count + 2)
        if !authority.isEmpty { own.append(("x-forwarded-host", authority)) }
        switch body {
        case .none: if mayHaveBody(request.checked.method) { own.append(("content-length", "0")) }
        case .length(let length): own.append(("content-length", String(length)))
        case .chunked: own.append(("transfer-encoding", "chunked"))
        }
        if let trace { tell(trace, plan, &own, insteadOf: &headers) }
        headers.add(known: own)
        // What is to be read on its way must not come compressed.
        if plan.usage != nil { headers.replaceOrAdd(name: "accept-encoding", value: "identity") }
        for header in plan.deployment.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
        if plan.deployment.isNative { addTerms(to: &headers, plan, timeLeft: timeLeft ?? plan.deployment.timeout) }
        return HTTPRequestHead(version: .http1_1, method: request.checked.method, uri: target(plan), headers: headers)
    }

    /// A deployment that takes the client's `traceparent` away is told of no other one.
    private static func tell(
        _ trace: TraceContext,
        _ plan: Plan,
        _ own: inout [(String, String)],
        insteadOf headers: inout HTTPHeaders
    ) {
        headers.remove(name: "traceparent")
        headers.remove(name: "tracestate")
        guard !plan.deployment.removedHeaders.contains(where: { $0.lowercased() == "traceparent" }) else { return }
        own.append(("traceparent", trace.parentText))
        if !trace.state.isEmpty { own.append(("tracestate", trace.state)) }
    }

    /// What a worker goes by when several want it; last, so that nothing that anybody else says remains.
    private static func addTerms(to headers: inout HTTPHeaders, _ plan: Plan, timeLeft: Duration) {
        headers.replaceOrAdd(name: "x-gatehouse-tenant", value: plan.endpoint.tenant)
        headers.replaceOrAdd(name: "x-gatehouse-queue-weight", value: String(plan.tenantWeight))
        // Tells callers apart, in this process, and not who they are.
        let caller = UInt(bitPattern: plan.caller.label.hashValue)
        headers.replaceOrAdd(name: "x-gatehouse-caller", value: String(caller, radix: 36))
        headers.replaceOrAdd(name: "x-gatehouse-caller-weight", value: String(plan.caller.queueWeight))
        headers.replaceOrAdd(name: "x-gatehouse-time-left-ms", value: String(max(0, timeLeft.milliseconds)))
    }

    /// The request target on this instance; `/v1` is not doubled where the upstream's URL already ends in it.
    static func target(_ plan: Plan) -> String {
        let base = plan.instance.address.basePath
        if base.isEmpty, plan.query == nil { return plan.path }
        var target = base
        if base.hasSuffix("/v1"), plan.path.hasPrefix("/v1/") {
            target += plan.path.dropFirst(3)
        } else {
            target += plan.path
        }
        if let query = plan.query {
            target += "?"
            target += query
        }
        return target
    }

    private static func mayHaveBody(_ method: HTTPMethod) -> Bool {
        switch method {
        case .POST, .PUT, .PATCH: true
        default: false
        }
    }
}

extension BodyFields {
    /// The body as the upstream gets it, and by how many bytes it grew.
    func edited(_ body: ByteBuffer, for plan: Plan) -> (body: ByteBuffer, growth: Int) {
        let pieces = pieces(of: body, for: plan)
        guard pieces.count > 1 else { return (body, 0) }
        var result = ByteBuffer()
        result.reserveCapacity(pieces.reduce(0) { $0 + $1.readableBytes })
        for piece in pieces { result.writeImmutableBuffer(piece) }
        return (result, result.readableBytes - body.readableBytes)
    }

    /// The same as slices of the body with the new texts between them: a large one is not copied.
    func pieces(of body: ByteBuffer, for plan: Plan) -> [ByteBuffer] {
        let edits = edits(model: plan.bodyModel, askForUsage: plan.asksForUsage)
        guard !edits.isEmpty else { return [body] }
        var pieces: [ByteBuffer] = []
        var rest = body
        var at = 0
        for edit in edits {
            if let before = rest.readSlice(length: edit.range.lowerBound - at) { pieces.append(before) }
            pieces.append(ByteBuffer(string: edit.text))
            rest.moveReaderIndex(forwardBy: edit.range.count)
            at = edit.range.upperBound
        }
        pieces.append(rest)
        return pieces
    }
}
