import NIOCore
import Testing

@testable import GatewayProxy

@Suite struct BytesGuardTests {
    @Test(arguments: Corpus.accepted)
    func `a sound request passes and so does the one behind it`(request: String) throws {
        #expect(try Wire.statuses(Array((request + Corpus.smuggled).utf8)) == [200, 200])
    }

    @Test(arguments: Corpus.accepted)
    func `a sound request is read the same wherever the reads are cut`(request: String) throws {
        let bytes = Array((request + request + Corpus.smuggled).utf8)
        let whole = try Wire.events([bytes])
        for position in 1..<bytes.count {
            let reads = [Array(bytes[..<position]), Array(bytes[position...])]
            #expect(try Wire.events(reads) == whole, "cut at \(position)")
        }
        #expect(try Wire.events(bytes.map { [$0] }) == whole)
    }

    @Test(arguments: Corpus.heads)
    func `a malformed head is refused and nothing behind it is read`(request: String) throws {
        let statuses = try Wire.statuses(Array((request + Corpus.smuggled).utf8))
        #expect(statuses.count == 1)
        #expect(statuses.allSatisfy { $0 >= 400 && $0 <= 505 })
    }

    @Test(arguments: Corpus.heads + Corpus.chunks.map(Corpus.chunked))
    func `a violation is the same wherever the reads are cut`(request: String) throws {
        let bytes = Array((request + Corpus.smuggled).utf8)
        let whole = try Wire.outcome([bytes])
        for position in 1..<bytes.count {
            let reads = [Array(bytes[..<position]), Array(bytes[position...])]
            #expect(try Wire.outcome(reads) == whole, "cut at \(position)")
        }
    }

    @Test(arguments: Corpus.codings)
    func `an odd spelling of Transfer-Encoding never frames a request`(coding: String) throws {
        let both = Corpus.request(["Content-Length: 5", coding], body: "0\r\n\r\n" + Corpus.smuggled)
        let alone = Corpus.request([coding], body: "0\r\n\r\n" + Corpus.smuggled)
        for request in [both, alone] {
            let events = try Wire.events(request)
            #expect(events.count == 1)
            guard case .violation = events.first else {
                Issue.record("\(events)")
                continue
            }
        }
    }

    @Test(arguments: Corpus.lengths)
    func `a Content-Length that is not one number is refused`(length: String) throws {
        let events = try Wire.events(Corpus.request(["Content-Length: " + length], body: "hello" + Corpus.smuggled))
        #expect(events.count == 1)
        #expect(events.first != .head("/a"))
    }

    @Test(arguments: Corpus.chunks)
    func `a malformed chunk ends the request without its end`(body: String) throws {
        let events = try Wire.events(Corpus.chunked(body) + Corpus.smuggled)
        #expect(events.first == .head("/a"))
        #expect(!events.contains(.end))
        #expect(!events.contains(.head("/smuggled")))
        guard case .violation = events.last else {
            Issue.record("\(events)")
            return
        }
    }

    @Test(arguments: Corpus.versions)
    func `only two versions are spoken`(version: String) throws {
        let statuses = try Wire.statuses(Array("GET /a \(version)\r\nHost: h\r\n\r\n".utf8))
        #expect(statuses == [400] || statuses == [505])
    }

    @Test(arguments: Corpus.hosts)
    func `a Host that is not a host is refused`(host: String) throws {
        #expect(try Wire.statuses(Array("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)) == [400])
    }

    @Test func `both lengths at once are refused in either order`() throws {
        let fields = ["Content-Length: 5", "Transfer-Encoding: chunked"]
        for headers in [fields, fields.reversed()] {
            let events = try Wire.events(Corpus.request(headers, body: "0\r\n\r\n" + Corpus.smuggled))
            #expect(events == [.violation(.conflictingFraming)])
        }
    }

    @Test func `two good requests are answered before the malformed third`() throws {
        let good = Corpus.request([], line: "GET /a HTTP/1.1")
        let post = Corpus.request(["Content-Length: 3"], body: "abc")
        let bad = Corpus.request(["Bad Name: x"], line: "GET /bad HTTP/1.1")
        #expect(
            try Wire.events(good + post + bad + Corpus.smuggled) == [
                .head("/a"), .end, .head("/a"), .body("abc"), .end, .violation(.fieldName),
            ]
        )
    }

    @Test(arguments: ["Connection: close", "Connection: foo, CLOSE", "Connection: upgrade\r\nUpgrade: h2c"])
    func `nothing is read behind the last request`(header: String) throws {
        let request = Corpus.request([header], line: "GET /a HTTP/1.1")
        #expect(try Wire.events(request + Corpus.smuggled + "\0junk") == [.head("/a"), .end])
    }

    @Test func `an HTTP 1_0 request without keep-alive is the last`() throws {
        let request = Corpus.request([], line: "GET /a HTTP/1.0")
        #expect(try Wire.events(request + Corpus.smuggled) == [.head("/a"), .end])
    }

    @Test func `a large body passes unread`() throws {
        let body = [UInt8](repeating: 0x0a, count: 100_000)
        let head = Array(Corpus.request(["Content-Length: 100000"]).utf8)
        #expect(try Wire.statuses(head + body + Array(Corpus.smuggled.utf8)) == [200, 200])
    }

    @Test(arguments: [
        (line: 8_000, headers: 0, each: 0, status: 200), (line: 16_500, headers: 0, each: 0, status: 414),
        (line: 200_000, headers: 0, each: 0, status: 414), (line: 10, headers: 100, each: 320, status: 200),
        (line: 10, headers: 199, each: 10, status: 200), (line: 10, headers: 200, each: 10, status: 431),
        (line: 10, headers: 10, each: 8_000, status: 431), (line: 10, headers: 1, each: 70_000, status: 431),
        (line: 10, headers: 1, each: 30_000, status: 200),
    ])
    func `a head is as large as agreed and no larger`(line: Int, headers: Int, each: Int, status: Int) throws {
        let target = "/" + String(repeating: "a", count: line)
        let fields = (0..<headers).map { "X-\($0): " + String(repeating: "v", count: each) }
        let bytes = Array(Corpus.request(fields, line: "GET \(target) HTTP/1.1").utf8)
        #expect(try Wire.statuses(bytes) == [status])
        let pieces = stride(from: 0, to: bytes.count, by: 1000).map { Array(bytes[$0..<min($0 + 1000, bytes.count)]) }
        let events = try Wire.events(pieces)
        #expect(events.contains(.end) == (status == 200))
    }

    @Test func `a name or a method without an end is refused`() throws {
        let name = "GET /a HTTP/1.1\r\n" + String(repeating: "X", count: 70_000)
        #expect(try Wire.events(name) == [.violation(.headTooLarge)])
        #expect(try Wire.events(String(repeating: "A", count: 20_000)) == [.violation(.requestLineTooLong)])
    }

    @Test func `chunk extensions and trailers are bounded`() throws {
        let small = Corpus.chunked("1;" + String(repeating: "e", count: 900) + "\r\na\r\n0\r\n\r\n")
        #expect(try Wire.statuses(Array(small.utf8)) == [200])
        let chunk = "1;" + String(repeating: "e", count: 900) + "\r\na\r\n"
        let many = Corpus.chunked(String(repeating: chunk, count: 20) + "0\r\n\r\n")
        #expect(try Wire.events(many).last == .violation(.chunkExtension))
        let trailers = Corpus.chunked("0\r\nX: " + String(repeating: "t", count: 9_000) + "\r\n\r\n")
        #expect(try Wire.events(trailers) == [.head("/a"), .violation(.trailersTooLarge)])
        let fields = Corpus.chunked("0\r\n" + String(repeating: "X: y\r\n", count: 33) + "\r\n")
        #expect(try Wire.events(fields) == [.head("/a"), .violation(.trailersTooLarge)])
    }
}
