import GatewayCore
import GatewayTestKit
import NIOCore
import NIOHTTP1
import Testing

/// What passes through an exchange that goes well.
@Suite(.serialized) struct RelayTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `body and headers pass both ways`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            let body = try await visit.body()
            try await visit.respond(201, [("x-up", "1"), ("content-type", "text/plain")], "got \(body)")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/echo/a?x=y", [("x-down", "2")], body: "hello")
            #expect(answer.status == 201)
            #expect(answer.body == "got hello")
            #expect(answer["x-up"] == "1")
            #expect(answer["content-type"] == "text/plain")
            #expect(answer["azureml-model-deployment"] == "blue")
            #expect(answer["x-request-id"]?.count == 32)
            let visit = try await upstream.arrivals.next()
            #expect(visit.method == "POST")
            #expect(visit.target == "/echo/a?x=y")
            #expect(visit.headers["x-down"] == ["2"])
            #expect(visit.headers["x-forwarded-for"] == ["127.0.0.1"])
            #expect(visit.headers["x-request-id"].first == answer["x-request-id"])
        }
        let receipt = try #require(receipts.first)
        #expect(receipts.count == 1)
        #expect(receipt.status == 201)
        #expect(receipt.upstreamStatus == 201)
        #expect(receipt.outcome == .completed)
        #expect(receipt.caller == "demo/chat#primary")
        #expect(receipt.deployment == "blue")
        #expect(receipt.requestBytes == 5)
        #expect(receipt.responseBytes == 9)
        #expect(receipt.attempts == 1)
    }

    @Test(arguments: [(429, nil, "1"), (503, nil, "1"), (429, "7", "7"), (500, nil, nil)] as [(Int, String?, String?)])
    func `a busy upstream's answer always says when to come again`(
        status: Int,
        told: String?,
        passed: String?
    ) async throws {
        try await Scene.play(.http) { visit in
            try await visit.respond(status, told.map { [("retry-after", $0)] } ?? [], "")
        } act: { gateway, _ in
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/busy")
            #expect(answer.status == status)
            #expect(answer["retry-after"] == passed)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a large body passes unchanged both ways`(transport: FakeUpstream.Transport) async throws {
        let body = String((0..<400_000).map { Character(Unicode.Scalar(UInt8(0x20 + $0 * 7 % 90))) })
        try await Scene.play(transport) { visit in
            try await visit.respond(200, [], try await visit.body())
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/echo", body: body)
            #expect(answer.body == body)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a streamed answer arrives piece by piece before its end`(transport: FakeUpstream.Transport) async throws {
        let go = Inbox<Bool>()
        try await Scene.play(transport) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            try await visit.send("data: one\n\n")
            _ = try await go.next()
            try await visit.send("data: two\n\n")
            _ = try await go.next()
            try await visit.end()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/stream")
            let head = try await client.head()
            #expect(head["transfer-encoding"] == "chunked")
            #expect(try await client.chunk() == "data: one\n\n")
            go.put(true)
            #expect(try await client.chunk() == "data: two\n\n")
            go.put(true)
            #expect(try await client.chunk() == nil)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a streamed request arrives piece by piece before its end`(transport: FakeUpstream.Transport) async throws {
        let pieces = Inbox<String>()
        try await Scene.play(transport) { visit in
            while let piece = try await visit.piece() { pieces.put(String(buffer: piece)) }
            try await visit.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/upload", [("transfer-encoding", "chunked")])
            for text in ["first", "second"] {
                try await client.send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
                #expect(try await pieces.next() == text)
            }
            try await client.send("0\r\n\r\n")
            #expect(try await client.answer().status == 200)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `HEAD tells a length and sends no body`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport) { visit in
            try await visit.respond(200, [], visit.method == "HEAD" ? "twelve bytes" : "next")
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("HEAD", "/demo/chat/file")
            #expect(answer.status == 200)
            #expect(answer["content-length"] == "12")
            #expect(try await client.exchange("GET", "/demo/chat/file").body == "next")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [204, 304])
    func `answers that have no body leave the connection in step`(transport: FakeUpstream.Transport, status: Int)
        async throws
    {
        try await Scene.play(transport) { visit in
            if visit.number == 1 {
                try await visit.begin(status)
                try await visit.end()
            } else {
                try await visit.respond(200, [], "next")
            }
        } act: { gateway, _ in
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/demo/chat/a").status == status)
            #expect(try await client.exchange("GET", "/demo/chat/a").body == "next")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [204, 304])
    func `an answer without a body is not framed as the stream that its type tells of`(
        transport: FakeUpstream.Transport,
        status: Int
    ) async throws {
        try await Scene.play(transport) { visit in
            guard visit.number == 1 else { return try await visit.respond(200, [], "next") }
            try await visit.begin(status, [("content-type", "text/event-stream")])
            try await visit.end()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let json = [("content-type", "application/json")]
            try await client.request("POST", "/v1/chat/completions", json, body: #"{"model":"gpt","stream":true}"#)
            let head = try await client.head()
            #expect(head.status == status)
            #expect(head["transfer-encoding"] == nil)
            #expect(try await client.exchange("GET", "/demo/chat/a").body == "next")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an answer's trailers pass`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport) { visit in
            try await visit.begin(200, [("trailer", "x-sum")])
            try await visit.send("body")
            try await visit.end([("x-sum", "42"), ("host", "evil")])
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange("GET", "/demo/chat/a", [("te", "trailers")])
            #expect(answer.body == "body")
            #expect(answer.trailers == ["x-sum": "42"])
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a request's trailers pass`(transport: FakeUpstream.Transport) async throws {
        let sums = Inbox<[String]>()
        // They are announced, so that even an upstream that would rather speak HTTP/2 is sent chunks.
        try await Scene.play(transport, upstreamProtocols: ["h2", "http/1.1"]) { visit in
            sums.put(try await visit.trailers()?["x-sum"] ?? [])
            try await visit.respond()
        } act: { gateway, _ in
            let client = try await gateway.connect()
            let chunked = [("transfer-encoding", "chunked"), ("trailer", "x-sum")]
            try await client.request("POST", "/demo/chat/a", chunked, body: "3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n")
            #expect(try await client.answer().status == 200)
            #expect(try await sums.next() == ["42"])
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that waits for 100 gets it and then its answer`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport) { visit in
            try await visit.respond(200, [], try await visit.body())
        } act: { gateway, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/a", [("expect", "100-continue"), ("content-length", "5")])
            #expect(try await client.head().status == 100)
            try await client.send("hello")
            #expect(try await client.answer().body == "hello")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `exchanges in a row share one connection to the upstream`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport) { visit in
            try await visit.respond(200, [], "\(visit.number)")
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            for number in 1...5 { #expect(try await client.exchange("GET", "/demo/chat/a").body == "\(number)") }
            #expect(upstream.connections == 1)
        }
        #expect(receipts.count == 5)
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `pipelined requests are answered in their order`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport) { visit in
            try await visit.respond(200, [], visit.target)
        } act: { gateway, _ in
            let client = try await gateway.connect()
            for number in 1...3 { try await client.request("GET", "/demo/chat/\(number)") }
            for number in 1...3 { #expect(try await client.answer().body == "/\(number)") }
        }
    }
}
