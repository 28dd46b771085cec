import GatewayCore
import NIOCore
import NIOHTTP1

/// Begins the traces of one event loop's exchanges.
final class Tracer {
    private let rule: TraceRule
    private var ids = RequestIDSource()

    init(_ rule: TraceRule) {
        self.rule = rule
    }

    /// The trace of an exchange that begins: the caller's, where its headers are right, else a new one.
    ///
    /// - Parameter headers: the request's, without those that belong to its connection.
    func begin(_ headers: HTTPHeaders, at started: NIODeadline) -> RequestTrace {
        let caller = TraceContext(parents: headers["traceparent"], states: headers["tracestate"])
        let trace = caller?.trace ?? TraceContext.TraceID(high: nextID(), low: nextID())
        let context = TraceContext(
            trace: trace,
            span: nextID(),
            isSampled: caller?.isSampled ?? rule.samples(trace),
            state: caller?.state ?? ""
        )
        return RequestTrace(context, parent: caller?.span, started: started, tracer: self)
    }

    func nextID() -> UInt64 { ids.nextWord() }

    func end(_ trace: Trace) { rule.queue.append(trace) }
}
