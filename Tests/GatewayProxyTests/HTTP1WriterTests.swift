import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct HTTP1WriterTests {
    private func head(_ fields: (String, String)...) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .POST, uri: "/a?b=c", headers: HTTPHeaders(fields))
    }

    private func text(_ buffer: ByteBuffer?) -> String? { buffer.map { String(buffer: $0) } }

    @Test func `a small request is one buffer`() {
        var writer = HTTP1Writer()
        writer.append(head(("host", "h"), ("content-length", "2")))
        #expect(writer.append(body: ByteBuffer(string: "ab")) == nil)
        writer.appendEnd(trailers: nil)
        #expect(text(writer.take()) == "POST /a?b=c HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nab")
        #expect(writer.take() == nil)
    }

    @Test func `a chunked message ends with its trailers`() {
        var writer = HTTP1Writer()
        writer.append(head(("transfer-encoding", "chunked")))
        #expect(writer.append(body: ByteBuffer(string: String(repeating: "x", count: 17))) == nil)
        writer.appendEnd(trailers: HTTPHeaders([("a", "b")]))
        let body = "11\r\n\(String(repeating: "x", count: 17))\r\n0\r\na: b\r\n\r\n"
        #expect(text(writer.take())?.hasSuffix("\r\n\r\n" + body) == true)
    }

    @Test func `an empty piece of a chunked body does not end it`() {
        var writer = HTTP1Writer()
        writer.append(head(("transfer-encoding", "chunked")))
        _ = writer.take()
        #expect(writer.append(body: ByteBuffer()) == nil)
        #expect(writer.take() == nil)
    }

    @Test func `a large piece is passed on between its size and its end`() {
        var writer = HTTP1Writer()
        writer.append(head(("transfer-encoding", "chunked")))
        let large = ByteBuffer(repeating: 0x61, count: 5000)
        #expect(writer.append(body: large) == large)
        #expect(text(writer.take())?.hasSuffix("\r\n\r\n1388\r\n") == true)
        writer.bodyEnded()
        writer.appendEnd(trailers: nil)
        #expect(text(writer.take()) == "\r\n0\r\n\r\n")
    }

    @Test func `what was taken stays as it was when more is written`() {
        var writer = HTTP1Writer()
        writer.append(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "0"]))
        let first = writer.take()
        writer.append(HTTPResponseHead(version: .http1_0, status: .notFound, headers: [:]))
        #expect(text(first) == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        #expect(text(writer.take()) == "HTTP/1.0 404 Not Found\r\n\r\n")
    }

    @Test func `the framing of one message says nothing about the next`() {
        var writer = HTTP1Writer()
        writer.append(head(("transfer-encoding", "chunked")))
        writer.appendEnd(trailers: nil)
        writer.append(head(("content-length", "1")))
        #expect(writer.append(body: ByteBuffer(string: "z")) == nil)
        writer.appendEnd(trailers: nil)
        #expect(text(writer.take())?.hasSuffix("content-length: 1\r\n\r\nz") == true)
    }
}
