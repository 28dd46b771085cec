import GatewayCore
import GatewayTestKit
import NIOHTTP1
import Synchronization
import Testing

/// Probes with real sockets.
@Suite(.serialized) struct ProbeTests {
    private static func rule(_ paths: ProbePaths) -> ProbeRule {
        let quick = ProbeSettings(initialDelay: 0, period: 1, timeout: 1, failureThreshold: 1)
        return ProbeRule(liveness: quick, readiness: quick, paths: paths)
    }

    private func waits(_ gateway: RunningGateway, until isRight: (Instance) -> Bool) async throws {
        try await wait { gateway.deployment("blue")?.instances.first.map(isRight) ?? false }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `readiness tells the truth: not before the path answers, and not when it stops`(
        transport: FakeUpstream.Transport
    ) async throws {
        let workspace = try Workspace()
        let isReady = Mutex(false)
        let upstream = try await FakeUpstream.start(transport, in: workspace) { visit in
            let status = visit.target == "/ready" ? (isReady.withLock { $0 } ? 200 : 503) : 200
            try await visit.respond(status, [], "x")
        }
        let rule = Self.rule(ProbePaths(liveness: "/health", readiness: "/ready"))
        var blue = RunningGateway.Serving(
            "blue",
            urls: [upstream.url],
            headers: [UpstreamHeader(name: "x-key", value: "k")]
        )
        blue.probes = rule
        try await RunningGateway.run([blue], in: workspace) { gateway in
            try await waits(gateway) { $0.lastProbe == "readiness: GET /ready answered 503" }
            #expect(gateway.deployment("blue")?.isReady == false)
            // It is usable all the same.
            let client = try await gateway.connect()
            #expect(try await client.exchange("POST", "/demo/chat/score", body: "x").status == 200)
            isReady.withLock { $0 = true }
            try await waits(gateway) { $0.isReady(by: rule) }
            isReady.withLock { $0 = false }
            try await waits(gateway) { !$0.isReady && $0.outage(at: 0) == "its probe fails" }
            isReady.withLock { $0 = true }
            try await waits(gateway) { $0.isReady(by: rule) && $0.outage(at: 0) == nil }
        }
        try await upstream.stop()
        let probes = upstream.visits.filter { $0.target != "/score" }
        #expect(Set(probes.map(\.target)) == ["/health", "/ready"])
        #expect(probes.allSatisfy { $0.headers.first(name: "x-key") == "k" })
    }

    @Test(arguments: [
        ("{\"kind\":\"decoder\",\"reason\":\"it \\\"hangs\\\"\",\"status\":\"hung\"}", ": it \"hangs\""),
        ("{\"reason\":null}", ""), ("hung", ""),
    ])
    func `what a worker says is wrong with it is told with its probe's answer`(body: String, told: String) async throws
    {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.unix, in: workspace) { try await $0.respond(503, [], body) }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.isNative = true
        blue.probes = Self.rule(ProbePaths())
        try await RunningGateway.run([blue], in: workspace) { gateway in
            try await waits(gateway) { $0.lastProbe == "liveness: GET /healthz answered 503\(told)" }
        }
        try await upstream.stop()
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an upstream that was never ready gets nothing beside one that is`(
        transport: FakeUpstream.Transport
    ) async throws {
        let workspace = try Workspace()
        let isReady = Mutex(false)
        let ready = try await FakeUpstream.start(transport, in: workspace, number: 0) { try await $0.respond() }
        let never = try await FakeUpstream.start(transport, in: workspace, number: 1) { visit in
            let isOpen = visit.target != "/ready" || isReady.withLock { $0 }
            try await visit.respond(isOpen ? 200 : 503, [], "x")
        }
        var blue = RunningGateway.Serving("blue", urls: [never.url, ready.url])
        blue.probes = Self.rule(ProbePaths(readiness: "/ready"))
        try await RunningGateway.run([blue], in: workspace) { gateway in
            try await wait { gateway.deployment("blue")?.instances.last?.isReady == true }
            let client = try await gateway.connect()
            func send() async throws {
                for _ in 0..<20 {
                    #expect(try await client.exchange("POST", "/demo/chat/score", body: "x").status == 200)
                }
            }
            try await send()
            #expect(never.visits.allSatisfy { $0.target == "/ready" })
            isReady.withLock { $0 = true }
            try await waits(gateway) { $0.isReady }
            try await send()
        }
        try await ready.stop()
        try await never.stop()
        #expect(never.visits.contains { $0.target == "/score" })
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a probe leaves no connection behind`(transport: FakeUpstream.Transport) async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) { try await $0.respond() }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.probes = Self.rule(ProbePaths(liveness: "/health", readiness: "/ready"))
        try await RunningGateway.run([blue], in: workspace) { _ in
            try await upstream.arrivals.next().gatewayLeft()
        }
        try await upstream.stop()
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `without a path a connect is enough, and sends nothing`(transport: FakeUpstream.Transport) async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) { try await $0.respond() }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.probes = Self.rule(ProbePaths())
        try await RunningGateway.run([blue], in: workspace) { gateway in
            try await waits(gateway) { $0.isReady }
            #expect(gateway.deployment("blue")?.instances.first?.lastProbe?.hasSuffix("a connect succeeded") == true)
            try await upstream.stop()
            try await waits(gateway) { !$0.isReady && $0.lastProbe?.contains("a connect failed") == true }
        }
        #expect(upstream.visits.isEmpty)
    }
}
