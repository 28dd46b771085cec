import GatewayCore
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

/// What upstreams are told of traces.
@Suite struct UpstreamTraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private static func headers(
        _ sent: [(String, String)],
        trace: TraceContext?,
        removing: [String] = []
    ) throws -> HTTPHeaders {
        var fixture = PlanFixture()
        fixture.removedHeaders = removing
        let request = CurrentRequest(
            checked: try fixture.check("/demo/chat/score", sent),
            isHTTP10: false,
            receipt: Receipt(requestID: "id", startedAt: 0),
            started: .now(),
            client: ClientFacts(address: "192.0.2.1")
        )
        let plan = try fixture.plan(for: request, body: nil)
        return UpstreamHead.make(
            request,
            plan: plan,
            body: .none,
            from: ClientFacts(address: "192.0.2.1"),
            trace: trace
        )
        .headers
    }

    private static let told = TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: false, state: "a=b")

    @Test func `without traces of its own the gateway passes on what came`() throws {
        let headers = try Self.headers([("traceparent", Self.parent), ("tracestate", "x=y")], trace: nil)
        #expect(headers["traceparent"] == [Self.parent] && headers["tracestate"] == ["x=y"])
    }

    @Test func `with them the gateway's span stands in the place of the client's`() throws {
        let headers = try Self.headers(
            [("Traceparent", Self.parent), ("tracestate", "x=y"), ("TraceState", "z=1")],
            trace: Self.told
        )
        #expect(headers["traceparent"] == ["00-00000000000000010000000000000002-0000000000000003-00"])
        #expect(headers["tracestate"] == ["a=b"])
    }

    @Test func `a deployment that takes them away gets none`() throws {
        let sent = [("traceparent", Self.parent), ("tracestate", "x=y")]
        let headers = try Self.headers(sent, trace: Self.told, removing: ["Traceparent", "tracestate"])
        #expect(headers["traceparent"].isEmpty && headers["tracestate"].isEmpty)
    }

    @Test func `a trace goes on from its caller's span, and what is wrong begins another`() throws {
        let queue = TraceQueue()
        let tracer = Tracer(TraceRule(queue: queue, sampleRate: 0))
        let started = NIODeadline.now()
        let followed = tracer.begin(["traceparent": Self.parent, "tracestate": "x=y"], at: started)
        #expect(followed.upstream.trace == .init(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(followed.upstream.isSampled && followed.upstream.state == "x=y")
        for headers: HTTPHeaders in [
            [:], ["traceparent": "wrong", "tracestate": "x=y"],
            ["traceparent": Self.parent, "Traceparent": Self.parent, "tracestate": "x=y"],
        ] {
            let own = tracer.begin(headers, at: started)
            #expect(own.upstream.trace != followed.upstream.trace)
            #expect(!own.upstream.isSampled && own.upstream.state.isEmpty)
            own.finish(Receipt(requestID: "id", startedAt: 0), nil)
        }
        #expect(queue.counts.waiting == 0)
        followed.finish(Receipt(requestID: "id", startedAt: 0), nil)
        let trace = try #require(queue.take(1).first)
        #expect(trace.parent == 0x00f0_67aa_0ba9_02b7 && trace.context == followed.upstream)
    }
}
