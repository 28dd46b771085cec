import Curl
import GatewayCore
import GatewayTestKit
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP1
import Testing

/// Exchanges whose client speaks HTTP/2.
@Suite(.serialized) struct HTTP2Tests {
    private let curl = CurlClient(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    private func get(
        _ path: String,
        from gateway: RunningGateway,
        key: String = RunningGateway.key
    ) async throws -> CurlResponse {
        try await curl.get(
            url: "https://localhost:\(gateway.port)\(path)",
            headers: [("authorization", "Bearer \(key)")],
            authority: .file(gateway.workspace.authority),
            limit: 4 << 20,
            timeout: .seconds(20)
        )
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `body and headers pass over HTTP 2 as they do over HTTP 1`(transport: FakeUpstream.Transport) async throws {
        let body = String(repeating: "0123456789abcdef", count: 20_000)
        let receipts = try await Scene.play(transport) { visit in
            try await visit.respond(201, [("x-up", "1"), ("connection", "x-hop"), ("x-hop", "1")], body)
        } act: { gateway, upstream in
            let response = try await get("/demo/chat/a?x=y", from: gateway)
            #expect(response.head.version == "2")
            #expect(response.head.status == 201)
            #expect(response.head.first("x-up") == "1")
            #expect(response.head.first("x-hop") == nil)
            #expect(response.head.first("azureml-model-deployment") == "blue")
            #expect(String(buffer: response.body) == body)
            #expect(try await upstream.arrivals.next().target == "/a?x=y")
        }
        #expect(receipts.map(\.httpVersion) == ["h2"])
        #expect(receipts.map(\.outcome) == [.completed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `many streams run side by side`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.respond(200, [], visit.target)
        } act: { gateway, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let response = try await get("/demo/chat/\(number)", from: gateway)
                        #expect(String(buffer: response.body) == "/\(number)")
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(receipts.count == 50)
        #expect(receipts.allSatisfy { $0.outcome == .completed && $0.status == 200 })
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `without the right key a stream gets 401 and nothing reaches the upstream`(
        transport: FakeUpstream.Transport
    ) async throws {
        try await Scene.play(transport) {
            try await $0.respond()
        } act: { gateway, upstream in
            let response = try await get("/demo/chat/a", from: gateway, key: "wrong")
            #expect(response.head.status == 401)
            #expect(upstream.connections == 0)
        }
    }

    @Test func `a refused stream has its reason and a clean end`() async throws {
        try await Scene.play(.http) {
            try await $0.respond()
        } act: { gateway, upstream in
            let response = try await get("/a%2fb", from: gateway)
            #expect(response.head.status == 400)
            #expect(String(buffer: response.body).contains("\"error\""))
            #expect(upstream.connections == 0)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [true, false])
    func `an answer that the upstream breaks off is a reset stream`(
        transport: FakeUpstream.Transport,
        hasLength: Bool
    ) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, hasLength ? [("content-length", "100")] : [])
            try await visit.send("only this")
            visit.cut()
        } act: { gateway, _ in
            await #expect(throws: CurlFailure.self) { try await get("/demo/chat/a", from: gateway) }
        }
        #expect(receipts.map(\.outcome) == [.failed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a call that libcurl gives up ends at the upstream`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
        } act: { gateway, upstream in
            let call = Task { try await get("/demo/chat/stream", from: gateway) }
            let visit = try await upstream.arrivals.next()
            call.cancel()
            try await visit.gatewayLeft()
        }
        #expect(receipts.map(\.outcome) == [.cancelled])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a stream that its client resets ends at the upstream`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
        } act: { gateway, upstream in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            try await client.send(HTTP2Frames.get("/demo/chat/stream", stream: 1))
            let visit = try await upstream.arrivals.next()
            try await client.send(HTTP2Frames.reset(stream: 1))
            try await visit.gatewayLeft()
            await client.leave()
        }
        #expect(receipts.map(\.outcome) == [.cancelled])
    }

    @Test(arguments: [false, true])
    func `a request with Expect gets a 100 before it sends its body, waiting in the queue too`(mustWait: Bool)
        async throws
    {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace) { visit in
            if visit.target == "/busy" { return }
            try await visit.respond(200, [], try await visit.body())
        }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        if mustWait { blue.capacity = Deployment.Capacity(limit: 1, queueWait: .seconds(20)) }
        try await RunningGateway.run([blue], in: workspace) { gateway in
            let busy = try await gateway.connect()
            if mustWait {
                try await busy.request("GET", "/demo/chat/busy")
                _ = try await upstream.arrivals.next()
            }
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            let fields = [("expect", "100-continue"), ("content-length", "4")]
            try await client.send(HTTP2Frames.post("/demo/chat/score", fields, stream: 1))
            let interim = try await client.headers()
            // `:status: 100`, coded by Huffman or as it is.
            let ends: [[UInt8]] = [[0x82, 0x08, 0x01], [0x03] + Array("100".utf8)]
            #expect(ends.contains { Array(interim.payload.readableBytesView.suffix($0.count)) == $0 })
            #expect(!interim.endsStream)
            try await client.send(HTTP2Frames.lastData("body", stream: 1))
            await busy.leave()
            #expect(try await client.headers().payload.readableBytes > interim.payload.readableBytes)
            var data = try await client.frame()
            while !data.isData { data = try await client.frame() }
            #expect(String(buffer: data.payload) == "body")
            await client.leave()
        }
        try await upstream.stop()
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `trailers pass both ways`(transport: FakeUpstream.Transport) async throws {
        let sums = Inbox<[String]>()
        try await Scene.play(transport) { visit in
            sums.put(try await visit.trailers()?["x-sum"] ?? [])
            try await visit.begin(200, [("trailer", "x-sum")])
            try await visit.send("body")
            try await visit.end([("x-sum", "43"), ("host", "evil")])
        } act: { gateway, _ in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            let announced = [("te", "trailers"), ("trailer", "x-sum")]
            try await client.send(HTTP2Frames.post("/demo/chat/a", announced, stream: 1))
            try await client.send(HTTP2Frames.data("abc", stream: 1))
            try await client.send(HTTP2Frames.trailers([("x-sum", "42")], stream: 1))
            var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
            let (head, body, trailers) = try await client.answer(&decoder)
            #expect(head[":status"] == ["200"] && body == "body")
            #expect(trailers?.map(\.name) == ["x-sum"] && trailers?["x-sum"] == ["43"])
            #expect(try await sums.next() == ["42"])
            await client.leave()
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `HEAD tells a length and sends no body`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.respond(200, [], visit.method == "HEAD" ? "twelve bytes" : "next")
        } act: { gateway, _ in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
            try await client.send(HTTP2Frames.head("/demo/chat/file", stream: 1))
            let (head, body, _) = try await client.answer(&decoder)
            #expect(head["content-length"] == ["12"] && body.isEmpty)
            try await client.send(HTTP2Frames.get("/demo/chat/file", stream: 3))
            #expect(try await client.answer(&decoder).body == "next")
            await client.leave()
        }
        #expect(receipts.map(\.outcome) == [.completed, .completed])
    }

    @Test func `a stop is told in two steps, and a stream between them is answered`() async throws {
        let workspace = try Workspace()
        try await RunningGateway.run([], in: workspace, farewell: .patience) { gateway in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            await gateway.beginStop()
            #expect(try await client.goAway() == UInt32(Int32.max))
            try await client.send(HTTP2Frames.get("/healthz", stream: 1))
            var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
            #expect(try await client.answer(&decoder).head[":status"] == ["200"])
            await client.leave()
        }
        try await RunningGateway.run([], in: workspace) { gateway in
            let client = try await gateway.connectHTTP2()
            try await client.send(HTTP2Frames.preface)
            try await client.send(HTTP2Frames.get("/healthz", stream: 1))
            var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
            _ = try await client.answer(&decoder)
            await gateway.beginStop()
            #expect(try await client.goAway() == UInt32(Int32.max))
            #expect(try await client.goAway() == 1)
            try await client.expectClose()
        }
    }

    @Test func `an idle connection ends in two steps, and a stream between them is answered`() async throws {
        let workspace = try Workspace()
        for farewell in [Duration.patience, .milliseconds(20)] {
            try await RunningGateway.run([], in: workspace, farewell: farewell, idle: .milliseconds(20)) { gateway in
                let client = try await gateway.connectHTTP2()
                // The connection may have ended by then: both GOAWAYs have come all the same.
                _ = try? await client.send(HTTP2Frames.preface)
                #expect(try await client.goAway() == UInt32(Int32.max))
                guard farewell == .patience else {
                    #expect(try await client.goAway() == 0)
                    return try await client.expectClose()
                }
                try await client.send(HTTP2Frames.get("/healthz", stream: 1))
                var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
                #expect(try await client.answer(&decoder).head[":status"] == ["200"])
                await client.leave()
            }
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a graceful stop finishes the stream that runs`(transport: FakeUpstream.Transport) async throws {
        let go = Inbox<Bool>()
        let receipts = try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
            _ = try await go.next()
            try await visit.send("data: two\n\n")
            try await visit.end()
        } act: { gateway, upstream in
            let call = Task { try await get("/demo/chat/stream", from: gateway) }
            _ = try await upstream.arrivals.next()
            let idle = try await gateway.connect()
            #expect(try await idle.exchange("GET", "/healthz", key: nil).status == 200)
            await gateway.beginStop()
            try await idle.expectClose()
            go.put(true)
            let response = try await call.value
            #expect(String(buffer: response.body) == "data: one\n\ndata: two\n\n")
        }
        #expect(receipts.map(\.outcome) == [.completed, .completed])
    }
}

extension RawClient {
    /// The next HEADERS frame.
    fileprivate func headers() async throws -> Frame {
        while true {
            let frame = try await frame()
            if frame.type == 1 { return frame }
        }
    }

    /// The last stream that the next GOAWAY names.
    fileprivate func goAway() async throws -> UInt32? {
        while true {
            var frame = try await frame()
            if frame.isGoAway { return frame.payload.readInteger(as: UInt32.self) }
        }
    }

    /// The next whole answer of a connection with one stream at a time.
    fileprivate func answer(
        _ decoder: inout HPACKDecoder
    ) async throws -> (head: HPACKHeaders, body: String, trailers: HPACKHeaders?) {
        var (blocks, body): ([HPACKHeaders], String) = ([], "")
        while true {
            var frame = try await frame()
            if frame.type == 1 { blocks.append(try decoder.decodeHeaders(from: &frame.payload)) }
            if frame.isData { body += String(buffer: frame.payload) }
            if frame.endsStream { return (blocks[0], body, blocks.count > 1 ? blocks[1] : nil) }
        }
    }
}
