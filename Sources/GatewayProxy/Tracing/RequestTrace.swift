import GatewayCore
import NIOCore

/// The trace of the exchange that runs: what its upstreams are told and, where it is sampled, when what happened.
final class RequestTrace {
    /// Of the exchange's own span.
    private let context: TraceContext
    private let parent: UInt64?
    private let started: NIODeadline
    private let tracer: Tracer
    private var steps: [Trace.Step] = []
    /// Their places among the steps, while they go on.
    private var authentication: Int?
    private var queue: Int?
    private var call: Int?
    /// The span of the attempt that runs.
    private var callSpan: UInt64
    private var parameters = RequestParameters()

    init(_ context: TraceContext, parent: UInt64?, started: NIODeadline, tracer: Tracer) {
        self.context = context
        self.parent = parent
        self.started = started
        self.tracer = tracer
        callSpan = context.span
        guard context.isSampled else { return }
        steps.reserveCapacity(4)
        steps.append(Trace.Step(.admission, start: 0, end: -1))
    }

    /// Whether anybody is told of it.
    var isSampled: Bool { context.isSampled }

    /// What the upstream of the attempt that runs is told.
    var upstream: TraceContext { context.at(callSpan) }

    // MARK: - What happens

    /// Its body is read, as far as it is held.
    func asks(_ body: ByteBuffer, _ fields: BodyFields) {
        guard isSampled else { return }
        parameters = RequestParameters(of: body.readableBytesUInt8Span, maxTokens: fields.maxTokens)
    }

    /// It has a plan.
    func admitted() { end(0) }

    func authenticationBegan() { authentication = begin(.authentication) }

    func authenticationEnded() {
        end(authentication)
        authentication = nil
    }

    /// - Parameter deployment: where it waits for a place; `nil` = it waits no longer.
    func waits(at deployment: String?) {
        end(queue)
        queue = deployment.flatMap { begin(.queue(deployment: $0)) }
    }

    /// - Parameter attempts: how many there are now.
    func callBegan(_ plan: Plan, attempts: Int) {
        callEnded("")
        callSpan = tracer.nextID()
        call = begin(
            .call(
                Trace.Call(
                    span: callSpan,
                    deployment: plan.deployment.name,
                    instance: plan.instance.url,
                    resends: attempts - 1
                )
            )
        )
    }

    /// The upstream of the attempt that runs has answered.
    func answered(_ status: Int) {
        change { $0.status = status }
    }

    /// - Parameter failure: why another attempt is made, or none.
    func callEnded(_ failure: String) {
        change { $0.failure = failure }
        end(call)
        call = nil
    }

    /// The exchange is over.
    func finish(_ receipt: Receipt, _ answer: AnswerFacts?) {
        guard context.isSampled else { return }
        // By the receipt's clock: a step that was asked for its time again would end behind the exchange.
        let end = receipt.durationMicroseconds * 1000
        for index in steps.indices where steps[index].end < 0 { steps[index].end = max(steps[index].start, end) }
        tracer.end(
            Trace(
                context: context,
                parent: parent,
                receipt: receipt,
                parameters: parameters,
                answer: answer ?? AnswerFacts(),
                steps: steps
            )
        )
    }

    /// The part of a copy for a mirror in it.
    func mirror() -> MirrorTrace {
        MirrorTrace(exchange: context, span: tracer.nextID(), parameters: parameters, tracer: tracer)
    }

    // MARK: - Steps

    private var elapsed: Int64 { (NIODeadline.now() - started).nanoseconds }

    private func begin(_ kind: Trace.Step.Kind) -> Int? {
        guard context.isSampled else { return nil }
        steps.append(Trace.Step(kind, start: elapsed, end: -1))
        return steps.count - 1
    }

    private func end(_ index: Int?) {
        guard let index, index < steps.count, steps[index].end < 0 else { return }
        steps[index].end = elapsed
    }

    private func change(_ body: (inout Trace.Call) -> Void) {
        guard let index = call, case .call(var changed) = steps[index].kind else { return }
        body(&changed)
        steps[index].kind = .call(changed)
    }
}

/// A copy's own span in the trace of the exchange that it copies; it may end later than that.
struct MirrorTrace {
    /// Of the exchange.
    private let exchange: TraceContext
    private let span: UInt64
    private let parameters: RequestParameters
    private let tracer: Tracer

    fileprivate init(exchange: TraceContext, span: UInt64, parameters: RequestParameters, tracer: Tracer) {
        self.exchange = exchange
        self.span = span
        self.parameters = parameters
        self.tracer = tracer
    }

    var isSampled: Bool { exchange.isSampled }

    /// What the mirror is told.
    var upstream: TraceContext { exchange.at(span) }

    func finish(_ receipt: Receipt, _ answer: AnswerFacts?) {
        guard exchange.isSampled else { return }
        var call = Trace.Call(span: span, deployment: receipt.deployment, instance: receipt.instance, resends: 0)
        call.status = receipt.upstreamStatus
        let step = Trace.Step(.call(call), start: 0, end: receipt.durationMicroseconds * 1000)
        tracer.end(
            Trace(
                context: exchange,
                receipt: receipt,
                parameters: parameters,
                answer: answer ?? AnswerFacts(),
                steps: [step]
            )
        )
    }
}
