import GatewayCore
import GatewayTestKit
import NIOCore
import Testing

/// Clients that take the end of a closing connection late.
@Suite(.serialized) struct SlowReaderTests {
    /// Around what the system's buffers hold: of some of these the tail still waits in the gateway when all has come.
    private static let sizes = Array(stride(from: 64 << 10, through: 4 << 20, by: 192 << 10))

    private static let script: FakeUpstream.Script = { visit in
        let count = Int(visit.target.dropFirst()) ?? 0
        try await visit.begin(200, [("content-length", String(count))])
        try await visit.send(ByteBuffer(repeating: 0x61, count: count))
        try await visit.end()
    }

    /// By default longer than a gateway lingers for a client that has taken all.
    private func pause(_ duration: Duration = .seconds(3)) async {
        _ = try? await Inbox<Bool>().next(within: duration)
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [true, false])
    func `the last answer of a connection arrives whole`(transport: FakeUpstream.Transport, isStopping: Bool)
        async throws
    {
        let receipts = try await Scene.play(transport, timeout: .seconds(60), script: Self.script) {
            gateway,
            upstream in
            var clients: [RawClient] = []
            for size in Self.sizes {
                let client = try await gateway.connect(receiveBuffer: 16 << 10)
                #expect(try await client.exchange("GET", "/healthz", key: nil).status == 200)
                try await client.setReading(false)
                try await client.request("GET", "/demo/chat/\(size)", isStopping ? [] : [("connection", "close")])
                _ = try await upstream.arrivals.next()
                clients.append(client)
            }
            if isStopping { await gateway.beginStop() }
            await pause()
            for (client, size) in zip(clients, Self.sizes) {
                try await client.setReading(true)
                #expect(try await client.head()["content-length"] == String(size))
                #expect(try await client.bytes(size).readableBytes == size)
                #expect(try await client.endsCut() == false)
            }
        }
        #expect(receipts.count == 2 * Self.sizes.count)
        #expect(receipts.allSatisfy { $0.outcome == .completed })
    }

    @Test func `so does the last one over HTTP 2 while its client tells of windows`() async throws {
        try await Scene.play(.http, timeout: .seconds(60), script: Self.script) { gateway, upstream in
            var clients: [RawClient] = []
            for size in Self.sizes {
                let client = try await gateway.connectHTTP2(receiveBuffer: 16 << 10)
                try await client.send(HTTP2Frames.preface)
                try await client.setReading(false)
                try await client.send(HTTP2Frames.get("/demo/chat/\(size)", stream: 1))
                for stream: UInt32 in [0, 1] {
                    try await client.send(HTTP2Frames.windowUpdate(8 << 20, stream: stream))
                }
                _ = try await upstream.arrivals.next()
                clients.append(client)
            }
            await gateway.beginStop()
            for _ in 0..<4 {
                for client in clients { try await client.send(HTTP2Frames.windowUpdate(1, stream: 0)) }
                await pause(.seconds(1))
            }
            for (client, size) in zip(clients, Self.sizes) {
                try await client.setReading(true)
                var got = 0
                while got < size {
                    let frame = try await client.frame()
                    if frame.isData { got += frame.payload.readableBytes }
                }
                #expect(try await client.endsCut() == false)
            }
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a stream that waits for its window arrives whole during a stop`(transport: FakeUpstream.Transport)
        async throws
    {
        let count = 100_000
        let receipts = try await Scene.play(transport, script: Self.script) { gateway, _ in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            try await client.send(HTTP2Frames.get("/demo/chat/\(count)", stream: 1))
            var got = 0
            while got < 65_535 {
                let frame = try await client.frame()
                if frame.isData { got += frame.payload.readableBytes }
            }
            await gateway.beginStop()
            while try await !client.frame().isGoAway {}
            for stream: UInt32 in [0, 1] { try await client.send(HTTP2Frames.windowUpdate(1 << 20, stream: stream)) }
            while true {
                let frame = try await client.frame()
                if frame.isData { got += frame.payload.readableBytes }
                if frame.endsStream { break }
            }
            #expect(got == count)
            await client.leave()
        }
        #expect(receipts.map(\.outcome) == [.completed])
    }
}
