import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

@Suite(.serialized) struct StopTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a graceful stop finishes the stream that runs`(transport: FakeUpstream.Transport) async throws {
        let go = Inbox<Bool>()
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
            _ = try await go.next()
            try await visit.send("data: two\n\n")
            try await visit.end()
        } act: { gateway, _ in
            let idle = try await gateway.connect()
            #expect(try await idle.exchange("GET", "/healthz", key: nil).status == 200)
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/stream")
            _ = try await client.head()
            #expect(try await client.chunk() == "data: one\n\n")
            await gateway.beginStop()
            // An idle connection closes when the stop has reached the connections.
            try await idle.expectClose()
            go.put(true)
            #expect(try await client.chunk() == "data: two\n\n")
            #expect(try await client.chunk() == nil)
            _ = try await client.line()
            try await client.expectClose()
        }
        #expect(receipts.map(\.outcome) == [.completed, .completed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an answer that began before the stop said nothing of it: the next one on its connection does`(
        transport: FakeUpstream.Transport
    ) async throws {
        let go = Inbox<Bool>()
        let receipts = try await Scene.play(transport, farewell: .patience) { visit in
            try await visit.begin(200, [("content-length", "4")])
            try await visit.send("ha")
            _ = try await go.next()
            try await visit.send("lf")
            try await visit.end()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/half")
            let head = try await client.head()
            #expect(head["connection"] == nil)
            try await gateway.beginStopAndWait()
            go.put(true)
            #expect(String(buffer: try await client.bytes(4)) == "half")
            let last = try await client.exchange("GET", "/healthz", key: nil)
            #expect(last.status == 200)
            #expect(last["connection"] == "close")
            try await client.expectClose()
        }
        #expect(receipts.allSatisfy { $0.outcome == .completed })
    }

    @Test func `a request that was on its way is answered, and told that it was the last`() async throws {
        try await RunningGateway.run([], in: Workspace(), farewell: .patience) { gateway in
            let client = try await gateway.connect()
            _ = try await client.exchange("GET", "/healthz", key: nil)
            await gateway.beginStop()
            // Until the stop has reached the connection.
            var answer = try await client.exchange("GET", "/healthz", key: nil)
            while answer["connection"] != "close" {
                #expect(answer.status == 200)
                answer = try await client.exchange("GET", "/healthz", key: nil)
            }
            #expect(answer.status == 200)
            try await client.expectClose()
        }
    }

    @Test func `a connection that was accepted in time is answered, however late its handshake`() async throws {
        try await RunningGateway.run([], in: Workspace(), farewell: .patience) { gateway in
            let client = try await gateway.connect {
                try await wait { gateway.connections == 1 }
                try await gateway.beginStopAndWait()
            }
            let answer = try await client.exchange("GET", "/healthz", key: nil)
            #expect(answer.status == 200)
            #expect(answer["connection"] == "close")
            try await client.expectClose()
        }
    }

    @Test func `a head that has begun may be ended, though connections without a request close`() async throws {
        try await RunningGateway.run([], in: Workspace()) { gateway in
            let client = try await gateway.connect()
            _ = try await client.exchange("GET", "/healthz", key: nil)
            try await client.send("GET /healthz HTTP/1.1\r\nhost: ")
            let idle = try await gateway.connect()
            _ = try await idle.exchange("GET", "/healthz", key: nil)
            await gateway.beginStop()
            try await idle.expectClose()
            try await client.send("localhost\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer["connection"] == "close")
            try await client.expectClose()
        }
    }

    @Test func `requests that have come already are all answered, the last with the word`() async throws {
        let go = Inbox<Bool>()
        try await Scene.play(.http, farewell: .patience) { visit in
            _ = try await go.next()
            try await visit.respond(200, [], "first")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/first")
            _ = try await upstream.arrivals.next()
            let next = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
            try await client.send(next + next)
            try await gateway.beginStopAndWait()
            go.put(true)
            let first = try await client.answer()
            #expect(first.body == "first" && first["connection"] == nil)
            let second = try await client.answer()
            #expect(second.status == 200 && second["connection"] == nil)
            let third = try await client.answer()
            #expect(third.status == 200 && third["connection"] == "close")
            try await client.expectClose()
        }
    }

    @Test func `an answer of unknown length that the end of the time cuts does not pass for whole`() async throws {
        let go = Inbox<Bool>()
        try await Scene.play(.http, drainLimit: .milliseconds(20)) { visit in
            try await visit.begin(200, [])
            try await visit.send("one")
            _ = try await go.next()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let key = RunningGateway.key
            try await client.send("GET /demo/chat/x HTTP/1.0\r\nauthorization: Bearer \(key)\r\n\r\n")
            _ = try await client.head()
            #expect(String(buffer: try await client.bytes(3)) == "one")
            await gateway.beginStop()
            #expect(try await client.endsCut())
            go.put(true)
        }
    }
}
