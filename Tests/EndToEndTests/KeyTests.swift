import GatewayCore
import GatewayTestKit
import Testing

@Suite(.serialized) struct KeyTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `without the right key nothing reaches the upstream`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            for key in [nil, "wrong", RunningGateway.key + "x"] {
                let answer = try await client.exchange("POST", "/demo/chat/score", key: key, body: "x")
                #expect(answer.status == 401)
                #expect(answer["www-authenticate"] != nil)
                #expect(!answer.body.contains("wrong"))
            }
            let two = try await client.exchange("POST", "/demo/chat/score", [("api-key", "other")], body: "x")
            #expect(two.status == 401)
            #expect(upstream.connections == 0)
        }
        #expect(receipts.map(\.status) == [401, 401, 401, 401])
        #expect(receipts.allSatisfy { $0.outcome == .refused && $0.caller.isEmpty && $0.attempts == 0 })
    }

    @Test(
        arguments: FakeUpstream.Transport.allCases,
        ["authorization", "api-key", "x-api-key", "ocp-apim-subscription-key"]
    )
    func `a key is taken from each of its headers and never forwarded`(
        transport: FakeUpstream.Transport,
        name: String
    ) async throws {
        try await Scene.play(transport) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let value = name == "authorization" ? "Bearer \(RunningGateway.key)" : RunningGateway.key
            let answer = try await client.exchange("GET", "/demo/chat/a", key: nil, [(name, value)])
            #expect(answer.status == 200)
            let visit = try await upstream.arrivals.next()
            #expect(!visit.headers.contains { $0.value.contains(RunningGateway.key) })
            #expect(!visit.target.contains(RunningGateway.key))
        }
    }
}
