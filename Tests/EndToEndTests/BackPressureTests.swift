import GatewayTestKit
import NIOCore
import Synchronization
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
}

/// Counts what another task does, and tells when it has stopped doing it.
private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() { count.withLock { $0 += 1 } }

    /// The count once it has stood still for half a second: a stall has no event of its own.
    func settle() async throws -> Int {
        var last = -1
        var still = 0
        for _ in 0..<600 {
            let now = value
            still = now == last && now > 0 ? still + 1 : 0
            if still == 10 { return now }
            last = now
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TookTooLong(bound: .seconds(30))
    }
}
