import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

/// Clients of every manner.
@Suite(.serialized) struct ClientTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that asks for it is told that the connection closes, and it does`(
        transport: FakeUpstream.Transport
    ) async throws {
        try await Scene.play(transport) {
            try await $0.respond(200, [], "bye")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("GET", "/demo/chat/a", [("connection", "close")])
            #expect(answer.body == "bye")
            #expect(answer["connection"] == "close")
            try await client.expectClose()
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an HTTP 1,0 client gets a stream without chunks, ended by the close`(transport: FakeUpstream.Transport)
        async throws
    {
        try await Scene.play(transport) { visit in
            try await visit.begin()
            try await visit.send("one")
            try await visit.send("two")
            try await visit.end()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.send("GET /demo/chat/a HTTP/1.0\r\nauthorization: Bearer \(RunningGateway.key)\r\n\r\n")
            let head = try await client.head()
            #expect(head["transfer-encoding"] == nil)
            #expect(String(buffer: try await client.bytes(6)) == "onetwo")
            try await client.expectClose()
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an HTTP 1,0 client that asks for it keeps its connection and is told so`(transport: FakeUpstream.Transport)
        async throws
    {
        try await Scene.play(transport) {
            try await $0.respond(200, [], "whole")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let key = "authorization: Bearer \(RunningGateway.key)"
            for _ in 0..<2 {
                try await client.send("GET /demo/chat/a HTTP/1.0\r\nconnection: keep-alive\r\n\(key)\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer["connection"] == "keep-alive")
                #expect(answer.body == "whole")
            }
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [true, false])
    func `an answer that only the close ends has TLS's farewell when it is whole, and only then`(
        transport: FakeUpstream.Transport,
        isWhole: Bool
    ) async throws {
        try await Scene.play(transport) { visit in
            try await visit.begin()
            try await visit.send("one")
            if isWhole { try await visit.end() } else { visit.cut() }
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.send("GET /demo/chat/a HTTP/1.0\r\nauthorization: Bearer \(RunningGateway.key)\r\n\r\n")
            #expect(try await client.head().status == 200)
            #expect(String(buffer: try await client.bytes(3)) == "one")
            #expect(try await client.endsCut() == !isWhole)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an answer that comes before the request's end leaves the connection in step`(
        transport: FakeUpstream.Transport
    ) async throws {
        try await Scene.play(transport) { visit in
            try await visit.respond(403, [], "no")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            for _ in 0..<2 {
                try await client.request("POST", "/demo/chat/a", [("transfer-encoding", "chunked")])
                try await client.send("3\r\nabc\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 403)
                #expect(answer.body == "no")
                try await client.send("3\r\nabc\r\n0\r\n\r\n")
            }
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that breaks its own request while the answer comes is cut, and its upstream has not failed`(
        transport: FakeUpstream.Transport
    ) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin()
            try await visit.send("one")
            _ = try? await Inbox<Bool>().next(within: .seconds(3))
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/a", [("transfer-encoding", "chunked")])
            try await client.send("3\r\nabc\r\n")
            #expect(try await client.head().status == 200)
            try await client.send("no length\r\n")
            #expect(try await client.endsCut())
        }
        #expect(receipts.map(\.status) == [200])
        #expect(receipts.map(\.outcome) == [.cancelled])
        #expect(receipts.map(\.refusal) == ["Cut"])
    }

    @Test(arguments: ["", "{}", "[]", #"{"model":1}"#, #"{"model":"gpt","model":"chat"}"#])
    func `a body without one model is told so in OpenAI's words`(body: String) async throws {
        try await Scene.play(.http) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let json = [("content-type", "application/json")]
            let answer = try await client.exchange("POST", "/v1/chat/completions", json, body: body)
            #expect(answer.status == 400)
            #expect(answer.body.contains("invalid_request_error"))
            #expect(upstream.connections == 0)
            #expect(try await client.exchange("GET", "/v1/models").status == 200)
        }
    }

    private static let filler = String(repeating: "x", count: 1 << 20)

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a body larger than what is held passes when its model comes first`(transport: FakeUpstream.Transport)
        async throws
    {
        let start = #"{"model":"gpt","input":""#
        let length = start.utf8.count + 18 * Self.filler.utf8.count + 2
        try await Scene.play(transport, timeout: .seconds(60), model: "own/longer-name") { visit in
            var count = 0
            var beginning = ""
            while let piece = try await visit.piece() {
                if beginning.utf8.count < 64 { beginning += String(buffer: piece).prefix(64) }
                count += piece.readableBytes
            }
            try await visit.respond(200, [("x-beginning", String(beginning.prefix(32)))], "\(count)")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/v1/embeddings", [("content-length", "\(length)")])
            try await client.send(start)
            for _ in 0..<18 { try await client.send(Self.filler) }
            try await client.send("\"}")
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.body == "\(length + "own/longer-name".utf8.count - "gpt".utf8.count)")
            #expect(answer["x-beginning"] == #"{"model":"own/longer-name","inpu"#)
        }
    }

    @Test func `a body larger than what is held is refused when its model does not come first`() async throws {
        let receipts = try await Scene.play(.http) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("POST", "/v1/embeddings", [("content-length", "\(18 * Self.filler.utf8.count)")])
            try await client.send("{\"input\":\"" + Self.filler.dropFirst(10))
            for _ in 0..<17 { try await client.send(Self.filler) }
            #expect(try await client.answer().status == 413)
            #expect(upstream.connections == 0)
        }
        #expect(receipts.map(\.status) == [413])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a large POST goes elsewhere when its first upstream is down`(transport: FakeUpstream.Transport) async throws {
        let body = String(Self.filler.prefix(60_000))
        try await Scene.playTwo(transport) { gateway, blue, _ in
            try await blue.stop()
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/a", body: body)
            #expect(answer.body == "green")
        }
    }

    @Test func `a client that leaves while its body is held leaves a receipt`() async throws {
        let receipts = try await Scene.play(.http) {
            try await $0.respond()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("POST", "/v1/embeddings", [("content-length", "100"), ("expect", "100-continue")])
            #expect(try await client.head().status == 100)
            await client.leave()
            #expect(upstream.connections == 0)
        }
        #expect(receipts.map(\.outcome) == [.cancelled])
    }
}
