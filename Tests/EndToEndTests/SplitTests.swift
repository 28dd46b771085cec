import GatewayCore
import GatewayTestKit
import Testing

@Suite(.serialized) struct SplitTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `of 200 requests 180 go to one deployment and 20 to the other`(transport: FakeUpstream.Transport) async throws
    {
        let receipts = try await Scene.playTwo(transport) { gateway, blue, green in
            let client = try await gateway.connect()
            for _ in 0..<200 {
                let answer = try await client.exchange("GET", "/demo/chat/score")
                #expect(answer.body == answer["azureml-model-deployment"])
            }
            #expect(blue.visits.count == 180)
            #expect(green.visits.count == 20)
        }
        #expect(receipts.count { $0.deployment == "blue" } == 180)
        #expect(receipts.count { $0.deployment == "green" } == 20)
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a pinned deployment answers, and one that does not exist is not found`(transport: FakeUpstream.Transport)
        async throws
    {
        try await Scene.playTwo(transport, weights: (100, 0)) { gateway, blue, green in
            let client = try await gateway.connect()
            for _ in 0..<5 {
                let answer = try await client.exchange("GET", "/demo/chat/a", [("azureml-model-deployment", "green")])
                #expect(answer.body == "green")
            }
            #expect(
                try await client.exchange("GET", "/demo/chat/a", [("azureml-model-deployment", "red")]).status == 404
            )
            #expect(blue.visits.isEmpty)
            #expect(green.visits.count == 5)
        }
    }
}
