import GatewayCore
import GatewayTestKit
import Testing

/// Where a name may lead, with real sockets: `localhost` stands for any name that resolves to this machine.
@Suite(.serialized) struct ReachTests {
    /// Of a tenant for which no private network is listed.
    private static let ofTenant = Reach(privateNetworks: NetworkList(known: []))

    /// One deployment whose URL names this machine.
    private func play(
        _ transport: FakeUpstream.Transport,
        host: String = "localhost",
        reach: Reach,
        probes: ProbeRule? = nil,
        act: (RunningGateway, FakeUpstream) async throws -> Void
    ) async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) {
            try await $0.respond(200, [], "inside")
        }
        var blue = RunningGateway.Serving(
            "blue",
            urls: [upstream.url.replacing("127.0.0.1", with: host)],
            headers: [UpstreamHeader(name: "x-key", value: "secret")]
        )
        blue.reach = reach
        blue.probes = probes
        try await RunningGateway.run([blue], in: workspace) { try await act($0, upstream) }
        try await upstream.stop()
    }

    @Test(arguments: [FakeUpstream.Transport.http, .https], ["localhost", "127.0.0.1"])
    func `what a tenant named is not dialled in a private network, not even to see whether the port is open`(
        transport: FakeUpstream.Transport,
        host: String
    ) async throws {
        try await play(transport, host: host, reach: Self.ofTenant) { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/a", body: "x")
            #expect([502, 503].contains(answer.status) && !answer.body.contains("inside"))
            #expect(upstream.connections == 0)
        }
    }

    @Test(arguments: [FakeUpstream.Transport.http, .https], [Reach.everywhere, Self.listed])
    func `the same name leads there when the owner named it, and when the network is listed for the tenant`(
        transport: FakeUpstream.Transport,
        reach: Reach
    ) async throws {
        try await play(transport, reach: reach) { gateway, _ in
            let client = try await gateway.connect()
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").body == "inside")
        }
    }

    private static let listed = Reach(privateNetworks: NetworkList(known: ["127.0.0.0/8", "::1/128"]))

    @Test(arguments: [FakeUpstream.Transport.http, .https], ["/ready", nil])
    func `a probe does not go there either`(transport: FakeUpstream.Transport, path: String?) async throws {
        let quick = ProbeSettings(initialDelay: 0, period: 1, timeout: 1, failureThreshold: 1)
        let rule = ProbeRule(liveness: quick, readiness: quick, paths: ProbePaths(readiness: path))
        try await play(transport, reach: Self.ofTenant, probes: rule) { gateway, upstream in
            try await wait {
                gateway.deployment("blue")?.instances.first?.lastProbe?.contains("not allowed") == true
            }
            #expect(upstream.connections == 0)
        }
    }

    @Test func `a copy for a mirror does not go there either`() async throws {
        let workspace = try Workspace()
        let inside = try await FakeUpstream.start(.http, in: workspace) { try await $0.respond(200, [], "inside") }
        let blue = try await FakeUpstream.start(.http, in: workspace) { try await $0.respond(200, [], "blue") }
        var shadow = RunningGateway.Serving(
            "shadow",
            weight: 0,
            urls: [inside.url.replacing("127.0.0.1", with: "localhost")]
        )
        shadow.reach = Self.ofTenant
        shadow.mirror = 100
        let serving = [RunningGateway.Serving("blue", urls: [blue.url]), shadow]
        let receipts = try await RunningGateway.run(serving, in: workspace) { gateway in
            let client = try await gateway.connect()
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").body == "blue")
        }
        #expect(receipts.count == 2 && inside.connections == 0)
        try await inside.stop()
        try await blue.stop()
    }
}
