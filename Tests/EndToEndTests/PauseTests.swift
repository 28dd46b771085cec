import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

/// Backends that ask for a pause, with nobody else to answer.
@Suite(.serialized) struct PauseTests {
    /// One backend that asks its first caller for a pause.
    private func play(
        _ transport: FakeUpstream.Transport,
        pause: String,
        wait: Duration,
        limit: Int? = nil,
        act: (RunningGateway, FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) { visit in
            if visit.number > 1 { return try await visit.respond(200, [], "after") }
            try await visit.respond(429, [("retry-after", pause)], "later")
        }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.capacity = Deployment.Capacity(limit: limit, queueWait: wait)
        let receipts = try await RunningGateway.run([blue], in: workspace) { try await act($0, upstream) }
        try await upstream.stop()
        return receipts
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [nil, 1])
    func `a pause longer than callers may wait is 429 with what is left of it, and the only backend is left alone`(
        transport: FakeUpstream.Transport,
        limit: Int?
    ) async throws {
        let receipts = try await play(transport, pause: "30", wait: .milliseconds(200), limit: limit) {
            gateway,
            upstream in
            let client = try await gateway.connect()
            #expect(try await client.exchange("POST", "/demo/chat/score", body: "x").body == "later")
            for path in ["/demo/chat/score", "/demo/chat/a"] {
                let answer = try await client.exchange("POST", path, body: "x")
                let left = Int(answer["retry-after"] ?? "") ?? 0
                #expect(answer.status == 429 && (25...30).contains(left), "\(path)")
                for word in ["blue", "Retry-After", "\(left) s", "max_queue_wait_ms = 200"] {
                    #expect(answer.body.contains(word), "\(word) in \(answer.body)")
                }
            }
            #expect(upstream.visits.count == 1)
        }
        #expect(receipts.count { $0.refusal == "InstancesPaused" && $0.outcome == .refused } == 2)
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [nil, 1])
    func `a pause that ends in time is waited for`(transport: FakeUpstream.Transport, limit: Int?) async throws {
        _ = try await play(transport, pause: "1", wait: .seconds(15), limit: limit) { gateway, _ in
            let client = try await gateway.connect()
            let started = ContinuousClock.now
            #expect(try await client.exchange("POST", "/demo/chat/score", body: "x").body == "later")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        let answer = try await gateway.connect().exchange("POST", "/demo/chat/score", body: "x")
                        #expect(answer.status == 200 && answer.body == "after")
                        #expect(ContinuousClock.now - started >= .milliseconds(900))
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
