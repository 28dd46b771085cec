import Testing

@testable import Curl

@Suite struct ResponseHeadParserTests {
    private func parse(_ lines: [String]) throws -> CurlHead? {
        var parser = ResponseHeadParser()
        var head: CurlHead?
        for line in lines {
            if case .head(let found) = try parser.line(line + "\r\n") { head = found }
        }
        return head
    }

    @Test func `lines become a head in order`() throws {
        let head = try #require(try parse(["HTTP/1.1 200 OK", "A: 1", "a:  2 \t", "B:", ""]))
        #expect(head.status == 200)
        #expect(head.version == "1.1")
        #expect(head.headers.map { "\($0.0)=\($0.1)" } == ["A=1", "a=2", "B="])
    }

    @Test func `interim heads are dropped with their headers`() throws {
        let head = try parse(["HTTP/1.1 100 Continue", "X: 1", "", "HTTP/2 204 ", ""])
        #expect(head?.status == 204)
        #expect(head?.headers.isEmpty == true)
    }

    @Test func `lines after the head are trailers`() throws {
        var parser = ResponseHeadParser()
        for line in ["HTTP/1.1 200 OK\r\n", "\r\n", "X-Sum: 1\r\n", "\r\n"] { _ = try parser.line(line) }
        #expect(parser.trailers.map { "\($0.0)=\($0.1)" } == ["X-Sum=1"])
    }

    @Test(arguments: [
        ["nonsense"],
        ["HTTP/1.1 20 OK"],
        ["HTTP/1.1 +20 OK"],
        ["HTTP/1.1 200 OK", "no colon"],
        ["HTTP/1.1 200 OK", "Name : value"],
        ["HTTP/1.1 200 OK", "A: 1", " folded: 2"],
        ["HTTP/1.1 200 OK", "A: a\rB: b"],
        ["HTTP/1.1 200 OK", "A: a\u{0}"],
        ["HTTP/1.1 101 Switching Protocols", ""],
        ["HTTP/1.1 200 OK"] + (0...200).map { "X: \($0)" },
        ["HTTP/1.1 200 OK", "X: " + String(repeating: "a", count: 64 * 1024)],
        (0...100).flatMap { _ in ["HTTP/1.1 100 Continue", ""] },
    ])
    func `malformed and oversized heads are refused`(lines: [String]) {
        #expect(throws: ResponseHeadParser.Problem.self) { try parse(lines) }
    }
}
