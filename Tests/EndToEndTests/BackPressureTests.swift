import GatewayTestKit
import NIOCore
import Testing

@Suite(.serialized) struct BackPressureTests {
    private static let piece = ByteBuffer(repeating: 0x61, count: 256 << 10)
    private static let pieces = 512

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that does not read stops its upstream, and starts it again`(transport: FakeUpstream.Transport)
        async throws
    {
        let sent = Counter()
        try await Scene.play(transport, timeout: .seconds(60)) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            for _ in 0..<Self.pieces {
                try await visit.send(Self.piece)
                sent.increment()
            }
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/stream")
            _ = try await client.head()
            try await client.setReading(false)
            let stalled = try await sent.settle()
            #expect(stalled > 0)
            // What the sockets of both sides hold, and the gateway's own bounds: far from the 128 MiB that wait.
            #expect(stalled < Self.pieces / 2)
            try await client.setReading(true)
            for _ in 0..<40 { _ = try await client.bytes(1 << 20) }
            #expect(sent.value > stalled)
            await client.leave()
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an upstream that does not read stops its client`(transport: FakeUpstream.Transport) async throws {
        let sent = Counter()
        let go = Inbox<Bool>()
        try await Scene.play(transport, timeout: .seconds(60)) { visit in
            try await visit.stopReading()
            _ = try await go.next(within: .seconds(30))
            visit.cut()
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let length = String(Self.pieces * Self.piece.readableBytes)
            try await client.request("POST", "/demo/chat/upload", [("content-length", length)])
            _ = try await upstream.arrivals.next()
            let sending = Task {
                // Ends with the client's connection at the latest.
                for _ in 0..<Self.pieces {
                    try await client.send(Self.piece)
                    sent.increment()
                }
            }
            let stalled = try await sent.settle()
            #expect(stalled < Self.pieces / 2)
            go.put(true)
            await client.leave()
            _ = await sending.result
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an upload that was held back is read on once the upstream has answered`(transport: FakeUpstream.Transport)
        async throws
    {
        let sent = Counter()
        let go = Inbox<Bool>()
        try await Scene.play(transport, timeout: .seconds(60)) { visit in
            guard visit.method == "POST" else { return try await visit.respond(200, [], "next") }
            try await visit.stopReading()
            _ = try await go.next(within: .seconds(30))
            try await visit.respond(200, [], "early")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/upload", [("transfer-encoding", "chunked")])
            _ = try await upstream.arrivals.next()
            let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 1 << 16) + "\r\n")
            let sending = Task {
                while !Task.isCancelled, sent.value < 4 * Self.pieces {
                    try await client.send(chunk)
                    sent.increment()
                }
            }
            _ = try await sent.settle()
            sending.cancel()
            go.put(true)
            #expect(try await client.answer().body == "early")
            try await sending.value
            try await client.send("0\r\n\r\n")
            #expect(try await client.exchange("GET", "/demo/chat/a").body == "next")
        }
    }
}
