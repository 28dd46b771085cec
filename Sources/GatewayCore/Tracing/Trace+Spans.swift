/// The spans of an exchange, by OpenTelemetry's conventions for HTTP and generative AI. No query and no header is in them,
/// and of bodies only names and numbers that the conventions have (SECURITY D-1).
extension Trace {
    /// The exchange's own span first.
    ///
    /// - Parameter nextID: for spans that nobody was told of.
    package func spans(_ nextID: () -> UInt64) -> [TraceSpan] {
        var spans = receipt.mirrorOf.isEmpty ? [exchange] : []
        var admission: UInt64?
        for (index, step) in steps.enumerated() {
            switch step.kind {
            case .admission:
                let span = part("admission", step, nextID())
                admission = span.context.span
                spans.append(span)
            case .authentication: spans.append(part("authentication", step, nextID(), in: admission))
            case .queue(let deployment):
                var span = part("queue", step, nextID())
                span.note("gatehouse.deployment", deployment)
                spans.append(span)
            case .call(let call):
                let isLast = index == lastCall
                spans.append(self.call(call, step, isLast: isLast))
                if isLast, receipt.isStreamed { spans += stream(of: call, step, nextID) }
            }
        }
        return spans
    }

    private var lastCall: Int? {
        steps.lastIndex { step in
            if case .call = step.kind { true } else { false }
        }
    }

    /// Nanoseconds since 1970.
    private func time(_ elapsed: Int64) -> Int64 { receipt.startedAt * 1000 + elapsed }

    private var exchange: TraceSpan {
        var span = TraceSpan(
            name(otherwise: receipt.endpoint),
            .server,
            context: context,
            parent: parent,
            start: time(0),
            end: time(receipt.durationMicroseconds * 1000)
        )
        span.hasRemoteParent = parent != nil
        noteModel(in: &span)
        noteAnswer(in: &span)
        span.note("http.request.method", receipt.method)
        span.note("url.path", receipt.path)
        span.note("url.scheme", "https")
        span.note("network.protocol.version", receipt.httpVersion == "h2" ? "2" : "1.1")
        span.note("client.address", receipt.clientAddress)
        span.note("http.response.status_code", receipt.status > 0 ? Int64(receipt.status) : nil)
        span.note("http.request.body.size", receipt.requestBytes)
        span.note("http.response.body.size", receipt.responseBytes)
        span.note("gatehouse.request_id", receipt.requestID)
        span.note("gatehouse.tenant", receipt.tenant)
        span.note("gatehouse.endpoint", receipt.endpoint)
        span.note("gatehouse.deployment", receipt.deployment)
        span.note("gatehouse.caller", receipt.caller)
        span.note("gatehouse.outcome", receipt.outcome.rawValue)
        span.note("gatehouse.refusal", receipt.refusal)
        span.note("gatehouse.fallback", receipt.fallback)
        if receipt.outcome == .failed || receipt.status >= 500 {
            span.fail(receipt.refusal.isEmpty ? String(receipt.status) : receipt.refusal)
        } else if receipt.status >= 400 {
            // A server does not hold it against itself.
            span.note("error.type", receipt.refusal.isEmpty ? String(receipt.status) : receipt.refusal)
        }
        return span
    }

    private func part(_ name: String, _ step: Step, _ id: UInt64, in parent: UInt64? = nil) -> TraceSpan {
        TraceSpan(
            name,
            .internal,
            context: context.at(id),
            parent: parent ?? context.span,
            start: time(step.start),
            end: time(step.end)
        )
    }

    private func call(_ call: Call, _ step: Step, isLast: Bool) -> TraceSpan {
        var span = TraceSpan(
            name(otherwise: call.deployment),
            .client,
            context: context.at(call.span),
            parent: context.span,
            start: time(step.start),
            end: time(step.end)
        )
        noteModel(in: &span)
        if isLast { noteAnswer(in: &span) }
        span.note("http.request.method", receipt.method)
        noteServer(call.instance, in: &span)
        span.note("http.response.status_code", call.status > 0 ? Int64(call.status) : nil)
        span.note("http.request.resend_count", call.resends > 0 ? Int64(call.resends) : nil)
        span.note("gatehouse.deployment", call.deployment)
        span.note("gatehouse.mirror_of", receipt.mirrorOf)
        span.fail(failure(of: call, isLast: isLast))
        return span
    }

    private func failure(of call: Call, isLast: Bool) -> String {
        if !call.failure.isEmpty { return call.failure }
        if call.status >= 400 { return String(call.status) }
        guard isLast, receipt.outcome != .completed else { return "" }
        return receipt.refusal.isEmpty ? receipt.outcome.rawValue : receipt.refusal
    }

    /// What the caller of a stream waited for, and what it then saw come.
    private func stream(of call: Call, _ step: Step, _ nextID: () -> UInt64) -> [TraceSpan] {
        guard let first = receipt.firstByteMicroseconds.map({ $0 * 1000 }) else { return [] }
        let waited = Step(step.kind, start: step.start, end: first)
        let streamed = Step(step.kind, start: first, end: step.end)
        return [
            part("first token", waited, nextID(), in: call.span), part("streaming", streamed, nextID(), in: call.span),
        ]
    }

    // MARK: - What several spans say

    private var operation: ModelOperation? { receipt.isAdmitted ? ModelOperation(path: receipt.path) : nil }

    /// The caller's name for the model, else the endpoint's, which is one of them.
    private var model: String { String((receipt.model.isEmpty ? receipt.endpoint : receipt.model).prefix(128)) }

    /// - Parameter place: of calls that are none of a model.
    private func name(otherwise place: String) -> String {
        if let operation { return "\(operation.rawValue) \(model)" }
        return place.isEmpty ? receipt.method : "\(receipt.method) \(place)"
    }

    private func noteModel(in span: inout TraceSpan) {
        guard let operation else { return }
        span.note("gen_ai.operation.name", operation.rawValue)
        span.note("gen_ai.provider.name", "gatehouse")
        span.note("gen_ai.request.model", model)
        span.note("gen_ai.request.max_tokens", parameters.maxTokens)
        span.note("gen_ai.request.temperature", parameters.temperature)
        span.note("gen_ai.request.top_p", parameters.topP)
        span.note("gen_ai.request.seed", parameters.seed)
        span.note("gen_ai.conversation.id", parameters.conversation)
        if receipt.isStreamed { span.note("gen_ai.request.stream", true) }
    }

    private func noteAnswer(in span: inout TraceSpan) {
        guard operation != nil else { return }
        span.note("gen_ai.response.id", answer.id)
        span.note("gen_ai.response.model", answer.model)
        span.note("gen_ai.response.finish_reasons", answer.finishReasons)
        let isCounted = receipt.countsAsUsage
        span.note("gen_ai.usage.input_tokens", isCounted ? receipt.countedInputTokens : receipt.promptTokens)
        span.note("gen_ai.usage.output_tokens", isCounted ? receipt.countedOutputTokens : receipt.completionTokens)
        span.note("gen_ai.usage.cache_read.input_tokens", answer.cachedTokens)
        span.note("gen_ai.usage.cache_creation.input_tokens", answer.cacheCreationTokens)
        span.note("gen_ai.usage.reasoning.output_tokens", answer.reasoningTokens)
    }

    private func noteServer(_ instance: String, in span: inout TraceSpan) {
        guard case .success(let address) = InstanceAddress.parse(instance) else { return }
        switch address.transport {
        case .http(let host, let port), .https(let host, let port):
            span.note("server.address", host)
            span.note("server.port", Int64(port))
        case .unix(let path):
            span.note("server.address", path)
            span.note("network.transport", "unix")
        }
    }
}
