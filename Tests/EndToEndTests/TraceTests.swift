import GatewayCore
import GatewayProxy
import GatewayTestKit
import NIOHTTP1
import Testing

/// What upstreams are told of a trace, and what is told of the exchange.
@Suite(.serialized) struct TraceTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    private static func access(sampleRate: Double = 1) -> (RunningGateway.Access, TraceQueue) {
        let queue = TraceQueue()
        var access = RunningGateway.Access()
        access.traces = TraceRule(queue: queue, sampleRate: sampleRate)
        return (access, queue)
    }

    private static func spans(_ queue: TraceQueue) -> [[TraceSpan]] {
        queue.take(.max).map { trace in trace.spans { UInt64.random(in: 1...(.max)) } }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `the upstream is told the span of its own call, in the caller's trace`(
        transport: FakeUpstream.Transport
    ) async throws {
        let (access, queue) = Self.access(sampleRate: 0)
        try await Scene.play(transport, access: access) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let headers = [("traceparent", Self.parent + "-01"), ("tracestate", "a=b")]
            #expect(try await client.exchange("POST", "/demo/chat/score", headers, body: "x").status == 200)
            let visit = try await upstream.arrivals.next()
            let told = try #require(
                TraceContext(parents: visit.headers["traceparent"], states: visit.headers["tracestate"])
            )
            #expect(told.parentText.hasPrefix(Self.parent.prefix(35)) && told.isSampled && told.state == "a=b")
            #expect(told.span != 0x00f0_67aa_0ba9_02b7)
        }
        let spans = try #require(Self.spans(queue).first)
        #expect(spans.map(\.name) == ["POST chat", "admission", "POST blue"])
        #expect(spans[0].parent == 0x00f0_67aa_0ba9_02b7 && spans[2].parent == spans[0].context.span)
    }

    @Test func `each upstream is told the span that its call has in the trace`() async throws {
        let (access, queue) = Self.access()
        let told = Inbox<TraceContext?>()
        try await Scene.play(.http, access: access) { visit in
            told.put(TraceContext(parents: visit.headers["traceparent"], states: []))
            try await visit.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            for _ in 0..<3 { #expect(try await client.exchange("GET", "/demo/chat/a").status == 200) }
        }
        let spans = Self.spans(queue)
        #expect(spans.count == 3 && Set(spans.map { $0[0].context.trace }).count == 3)
        for exchange in spans {
            let call = try #require(exchange.last)
            #expect(try await told.next()?.span == call.context.span && exchange[0].parent == nil)
        }
    }

    @Test func `what is not sampled is told to the upstream as such, and of it nothing else is told`() async throws {
        let (access, queue) = Self.access(sampleRate: 0)
        try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            for parent in [Self.parent + "-00", "wrong"] {
                #expect(try await client.exchange("GET", "/demo/chat/a", [("traceparent", parent)]).status == 200)
                let visit = try await upstream.arrivals.next()
                let told = try #require(TraceContext(parents: visit.headers["traceparent"], states: []))
                #expect(!told.isSampled && told.parentText != parent)
                #expect(told.parentText.hasPrefix(Self.parent.prefix(35)) == parent.hasPrefix("00"))
            }
        }
        #expect(queue.counts.waiting == 0 && queue.counts.dropped == 0)
    }

    @Test func `a refused exchange is told of, and whether the gateway is there is not`() async throws {
        let (access, queue) = Self.access()
        let receipts = try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/healthz").status == 200)
            #expect(try await client.exchange("GET", "/demo/none/a").status == 404)
        }
        let spans = Self.spans(queue)
        #expect(spans.count == 1 && spans[0].map(\.name) == ["GET", "admission"])
        let refused = try #require(receipts.first { $0.status == 404 })
        #expect(refused.tenant == "demo" && refused.endpoint.isEmpty && refused.deployment.isEmpty)
    }

    @Test func `a request that waits has a span of that`() async throws {
        let (access, queue) = Self.access()
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace) { _ in }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.capacity = Deployment.Capacity(limit: 1, queueWait: .seconds(20))
        try await RunningGateway.run([blue], in: workspace, access: access) { gateway in
            let (first, second) = (try await gateway.connect(), try await gateway.connect())
            try await first.request("GET", "/demo/chat/a")
            let visit = try await upstream.arrivals.next()
            try await second.request("GET", "/demo/chat/b")
            try await wait { gateway.deployment("blue")?.queue.waiting == 1 }
            try await visit.respond()
            #expect(try await first.answer().status == 200)
            try await upstream.arrivals.next().respond()
            #expect(try await second.answer().status == 200)
        }
        try await upstream.stop()
        let waited = try #require(Self.spans(queue).first { $0.contains { $0.name == "queue" } })
        #expect(waited.map(\.name) == ["GET chat", "admission", "queue", "GET blue"])
        #expect(waited[2].end > waited[2].start && waited[3].start >= waited[2].end)
    }

    @Test func `the wait for a token that must be verified is told of, once`() async throws {
        var (access, queue) = Self.access()
        access.endpoint = EndpointAccess(modes: [.aadToken])
        access.roles = [RoleAssignment(tenant: "demo", name: "one", role: .invoke, subject: .subject("someone"))]
        access.tokens = TokenAuthority(
            verify: { _ in
                try? await Task.sleep(for: .milliseconds(50))
                let issuer = VerifiedToken.Issuer.trusted([.init(tenant: "demo", name: "entra")])
                return VerifiedToken(issuer: issuer, subject: "someone", expiresAt: .max)
            },
            issue: TokenAuthority.none.issue,
            answer: TokenAuthority.none.answer
        )
        try await Scene.play(.http, access: access) {
            try await $0.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let token = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
            for _ in 0..<2 { #expect(try await client.exchange("GET", "/demo/chat/a", key: token).status == 200) }
        }
        let spans = Self.spans(queue)
        #expect(
            spans.map { $0.map(\.name) } == [
                ["GET chat", "admission", "authentication", "GET blue"], ["GET chat", "admission", "GET blue"],
            ]
        )
        let (admission, authentication) = (spans[0][1], spans[0][2])
        #expect(authentication.parent == admission.context.span)
        #expect(authentication.end - authentication.start >= 50_000_000)
        #expect(authentication.start >= admission.start && authentication.end <= admission.end)
    }
}
