import Testing

@testable import Curl

@Suite struct CurlRequestTests {
    @Test func `framing headers are left to libcurl and its own defaults are off`() throws {
        let request = CurlRequest(
            url: "https://localhost",
            headers: [
                ("Content-Length", "5"), ("transfer-encoding", "chunked"), ("Expect", "100-continue"), ("X-Empty", ""),
            ]
        )
        #expect(try request.headerLines() == ["Expect:", "X-Empty;", "Accept:"])
    }

    @Test func `a given accept header stays`() throws {
        let request = CurlRequest(url: "https://localhost", headers: [("accept", "text/plain")])
        #expect(try request.headerLines() == ["Expect:", "accept: text/plain"])
    }

    @Test(arguments: [("a b", "1"), ("", "1"), ("a:", "1"), ("a", "1\r\nb: 2"), ("a", "1\n"), ("a", "\u{0}")])
    func `header lines that could break out are refused`(name: String, value: String) {
        let request = CurlRequest(url: "https://localhost", headers: [(name, value)])
        #expect(throws: CurlRequestProblem.self) { try request.headerLines() }
    }

    @Test func `methods are tokens`() {
        let request = CurlRequest(method: "GET / HTTP/1.1\r\nX", url: "https://localhost")
        #expect(throws: CurlRequestProblem.self) { try request.checkedMethod() }
    }

    @Test(arguments: [
        ("GET", false, nil, CurlRequest.UploadLength.none),
        ("POST", false, nil, .known(0)),
        ("POST", true, nil, .unknown),
        ("POST", true, 7, .known(7)),
        ("GET", true, 7, .known(7)),
        ("HEAD", true, 7, .none),
    ])
    func `the body's length follows from the request`(
        method: String,
        hasBody: Bool,
        length: Int?,
        expected: CurlRequest.UploadLength
    ) {
        let request = CurlRequest(method: method, url: "https://localhost", hasBody: hasBody, contentLength: length)
        #expect(request.uploadLength == expected)
    }
}
