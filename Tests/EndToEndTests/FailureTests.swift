import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

/// What becomes of exchanges that go wrong.
@Suite(.serialized) struct FailureTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that leaves a stream ends it at the upstream`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/stream")
            _ = try await client.head()
            _ = try await client.chunk()
            let visit = try await upstream.arrivals.next()
            await client.leave()
            try await visit.gatewayLeft()
        }
        #expect(receipts.map(\.outcome) == [.cancelled])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that leaves before an answer ends the request at the upstream`(transport: FakeUpstream.Transport)
        async throws
    {
        let receipts = try await Scene.play(transport) { _ in
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/score", body: "x")
            let visit = try await upstream.arrivals.next()
            await client.leave()
            try await visit.gatewayLeft()
        }
        #expect(receipts.map(\.outcome) == [.cancelled])
        #expect(receipts.map(\.status) == [0])
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [true, false])
    func `an answer that the upstream breaks off is never whole at the client`(
        transport: FakeUpstream.Transport,
        hasLength: Bool
    ) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, hasLength ? [("content-length", "100")] : [])
            try await visit.send("only this")
            visit.cut()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/a")
            let head = try await client.head()
            #expect(head.status == 200)
            if hasLength {
                #expect(String(buffer: try await client.bytes(9)) == "only this")
                await #expect(throws: GatewayClosed.self) { try await client.bytes(91) }
            } else {
                #expect(try await client.chunk() == "only this")
                await #expect(throws: GatewayClosed.self) { try await client.chunk() }
            }
        }
        #expect(receipts.map(\.outcome) == [.failed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [("/demo/chat/score", 424), ("/demo/chat/a", 502)])
    func `an upstream that closes without an answer is a failure, told in the URL's way`(
        transport: FakeUpstream.Transport,
        target: (path: String, status: Int)
    ) async throws {
        let receipts = try await Scene.play(transport) {
            $0.cut()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", target.path, body: "x")
            #expect(answer.status == target.status)
            #expect(answer.body.contains("blue"))
            #expect(upstream.visits.count == 1)
        }
        #expect(receipts.map(\.outcome) == [.failed])
        #expect(receipts.map(\.attempts) == [1])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a request whose upstream is down is answered by another deployment`(transport: FakeUpstream.Transport)
        async throws
    {
        let receipts = try await Scene.playTwo(transport) { gateway, blue, _ in
            try await blue.stop()
            let client = try await gateway.connect()
            for _ in 0..<10 {
                let answer = try await client.exchange("POST", "/demo/chat/score", body: "x")
                #expect(answer.status == 200)
                #expect(answer.body == "green")
                #expect(answer["azureml-model-deployment"] == "green")
            }
        }
        #expect(receipts.count == 10)
        #expect(receipts.allSatisfy { $0.outcome == .completed && $0.deployment == "green" && $0.attempts <= 2 })
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a pinned request whose upstream is down fails`(transport: FakeUpstream.Transport) async throws {
        try await Scene.playTwo(transport) { gateway, blue, green in
            try await blue.stop()
            let client = try await gateway.connect()
            let pin = [("azureml-model-deployment", "blue")]
            #expect(try await client.exchange("POST", "/demo/chat/a", pin, body: "x").status == 502)
            #expect(green.visits.isEmpty)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `GET is sent once more when a kept-alive connection dies`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            if visit.number == 2 { visit.cut() } else { try await visit.respond(200, [], "\(visit.number)") }
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/demo/chat/a").body == "1")
            let answer = try await client.exchange("GET", "/demo/chat/a")
            #expect(answer.status == 200)
            #expect(answer.body == "3")
            #expect(upstream.visits.count == 3)
        }
        #expect(receipts.map(\.outcome) == [.completed, .completed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `POST is never sent twice`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport) { visit in
            if visit.number == 2 { visit.cut() } else { try await visit.respond(200, [], "\(visit.number)") }
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").body == "1")
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 502)
            #expect(upstream.visits.count == 2)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [("/demo/chat/score", 408), ("/demo/chat/a", 504)])
    func `an upstream that never answers is a time-out, told in the URL's way`(
        transport: FakeUpstream.Transport,
        target: (path: String, status: Int)
    ) async throws {
        let receipts = try await Scene.play(transport, timeout: .seconds(2)) { _ in
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", target.path, body: "x")
            #expect(answer.status == target.status)
            #expect(answer.body.contains("2000"))
            #expect(answer.body.contains("blue"))
            try await upstream.arrivals.next().gatewayLeft()
        }
        #expect(receipts.map(\.outcome) == [.failed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `the time-out bounds an event stream only up to its first byte`(transport: FakeUpstream.Transport) async throws
    {
        let go = Inbox<Bool>()
        try await Scene.play(transport, timeout: .seconds(2)) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
            // Longer than the time-out: the stream must outlive it.
            _ = try? await go.next(within: .milliseconds(2500))
            try await visit.send("data: two\n\n")
            try await visit.end()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("GET", "/demo/chat/stream")
            #expect(answer.body == "data: one\n\ndata: two\n\n")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a model's own error is 424 on a scoring URL and stays elsewhere`(transport: FakeUpstream.Transport)
        async throws
    {
        try await Scene.play(transport) { visit in
            try await visit.respond(500, [("content-type", "text/plain")], "oh no")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let scored = try await client.exchange("POST", "/demo/chat/score", body: "x")
            #expect(scored.status == 424)
            #expect(scored["ms-azureml-model-error-statuscode"] == "500")
            #expect(scored.body == "oh no")
            let other = try await client.exchange("POST", "/demo/chat/a", body: "x")
            #expect(other.status == 500)
            #expect(other.body == "oh no")
        }
    }
}
