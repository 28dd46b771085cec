import GatewayCore
import GatewayTestKit
import Testing

/// Requests whose first attempts meet what is dead.
@Suite(.serialized) struct RetryTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `GET is sent again on a new connection when all kept ones are dead, and POST is not`(
        transport: FakeUpstream.Transport
    ) async throws {
        try await Scene.play(transport) { visit in
            // A kept connection dies of its second request; the first four are answered below.
            guard visit.isFirstOnConnection else { return visit.cut() }
            if visit.number > 4 { try await visit.respond() }
        } act: { gateway, upstream in
            var calls: [(client: RawClient, visit: Visit)] = []
            for _ in 0..<4 {
                let client = try await gateway.connect()
                try await client.request("GET", "/demo/chat/a")
                calls.append((client, try await upstream.arrivals.next()))
            }
            for call in calls {
                try await call.visit.respond()
                #expect(try await call.client.answer().status == 200)
            }
            let client = calls[0].client
            for _ in 0..<3 { #expect(try await client.exchange("GET", "/demo/chat/a").status == 200) }
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 502)
            #expect(upstream.visits.count { $0.method == "POST" } == 1)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `two of three instances may be down without a caller noticing`(transport: FakeUpstream.Transport) async throws
    {
        let workspace = try Workspace()
        var upstreams: [FakeUpstream] = []
        for number in 0..<3 {
            upstreams.append(
                try await FakeUpstream.start(transport, in: workspace, number: number) {
                    try await $0.respond()
                }
            )
        }
        for upstream in upstreams.dropLast() { try await upstream.stop() }
        let blue = RunningGateway.Serving("blue", urls: upstreams.map(\.url))
        let receipts = try await RunningGateway.run([blue], in: workspace) { gateway in
            let client = try await gateway.connect()
            for _ in 0..<9 { #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 200) }
        }
        try await upstreams[2].stop()
        #expect(receipts.count == 9)
        #expect(receipts.allSatisfy { $0.attempts <= 3 })
    }
}
