import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

/// Workers that say why they did not work on a request.
@Suite(.serialized) struct WorkerRefusalTests {
    /// Workers of one deployment, the first of which refuses its first request.
    private func play(
        _ status: Int,
        _ reason: String,
        workers: Int = 1,
        isNative: Bool = true,
        act: (RawClient) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        var upstreams: [FakeUpstream] = []
        for number in 0..<workers {
            let upstream = try await FakeUpstream.start(.unix, in: workspace, number: number) { visit in
                guard number == 0, visit.number == 1 else { return try await visit.respond(200, [], "model") }
                try await visit.respond(status, [("retry-after", "30"), ("x-gatehouse-refusal", reason)], "worker")
            }
            upstreams.append(upstream)
        }
        var local = RunningGateway.Serving("local", urls: upstreams.map(\.url))
        local.isNative = isNative
        let receipts = try await RunningGateway.run([local], in: workspace) { gateway in
            try await act(try await gateway.connect())
        }
        for upstream in upstreams { try await upstream.stop() }
        return receipts
    }

    private static let paths = ["/demo/chat/score", "/demo/chat/v1/chat/completions"]

    @Test(arguments: [(429, "busy", [429, 429], "QueueFull"), (504, "overdue", [408, 504], "RequestTimeout")])
    func `it is said in the caller's terms, and the worker is asked again at once`(
        status: Int,
        reason: String,
        expected: [Int],
        code: String
    ) async throws {
        for (path, expected) in zip(Self.paths, expected) {
            let receipts = try await play(status, reason) { client in
                let answer = try await client.exchange("POST", path, body: "{}")
                #expect(answer.status == expected && answer["x-gatehouse-refusal"] == nil, "\(path)")
                #expect(answer.body.contains("local") && !answer.body.contains("worker\""), "\(answer.body)")
                if path == Self.paths[0] { #expect(answer["x-ms-error-code"] == code) }
                let next = try await client.exchange("POST", path, body: "{}")
                #expect(next.body == "model")
            }
            #expect(receipts.map(\.refusal).contains(code))
        }
    }

    @Test(arguments: ["stopping", "loading"])
    func `one that stops or loads leaves the request to another`(reason: String) async throws {
        let receipts = try await play(503, reason, workers: 2) { client in
            for _ in 0..<4 {
                let answer = try await client.exchange("POST", Self.paths[0], body: "{}")
                #expect(answer.body == "model")
            }
        }
        #expect(receipts.map(\.attempts).sorted() == [1, 1, 1, 2])
    }

    @Test func `an upstream that is no worker is relayed as it is`() async throws {
        _ = try await play(429, "busy", isNative: false) { client in
            let answer = try await client.exchange("POST", Self.paths[1], body: "{}")
            #expect(answer.status == 429 && answer.body == "worker" && answer["retry-after"] == "30")
        }
    }
}
