import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct RequestRulesTests {
    private func check(
        _ headers: [(String, String)],
        method: HTTPMethod = .POST,
        target: String = "/a",
        version: HTTPVersion = .http1_1,
        over kind: HTTPVersionKind = .http1
    ) throws(RequestFault) -> CheckedRequest {
        let head = HTTPRequestHead(version: version, method: method, uri: target, headers: HTTPHeaders(headers))
        return try RequestRules.check(head, over: kind)
    }

    @Test func `a usual request is taken as it is`() throws {
        let request = try check(
            [
                ("Host", "Models.Example.com:8443"), ("Authorization", "bEARER abc"),
                ("Content-Type", "application/json"),
                ("Content-Length", "12"), ("x-request-id", "r-1"), ("Expect", "100-Continue"),
                ("azureml-model-deployment", "blue"), ("Accept", "*/*"), ("TE", "trailers"),
            ],
            target: "/v1/chat/completions?a=%2f"
        )
        #expect(request.path == "/v1/chat/completions")
        #expect(request.query == "a=%2f")
        #expect(request.host == "models.example.com")
        #expect(request.authority == "Models.Example.com:8443")
        #expect(request.body == .length(12))
        #expect(request.expectsContinue)
        #expect(request.credentials.bearer == "abc")
        #expect(request.credentials.apiKey == nil)
        #expect(!request.credentials.hasConflict)
        #expect(request.pinnedDeployment == "blue")
        #expect(request.requestID == "r-1")
        #expect(request.contentType == "application/json")
        #expect(request.acceptsTrailers)
        #expect(request.acceptsKeepAlive)
        #expect(request.forwardable.map(\.name) == ["Content-Type", "Accept"])
    }

    @Test func `hop-by-hop, credential, forwarding and look-alike headers stay behind`() throws {
        let request = try check([
            ("Host", "h"), ("Connection", "X-Hop, keep-alive, host, x-later"), ("X-Hop", "1"),
            ("Keep-Alive", "timeout=9"),
            ("Proxy-Connection", "keep-alive"), ("TE", "gzip"), ("Trailer", "X"), ("Upgrade", "wibble/1"),
            ("Proxy-Authorization", "Basic x"), ("api-key", "k"), ("X-API-Key", "k"),
            ("Ocp-Apim-Subscription-Key", "k"),
            ("Forwarded", "for=6.6.6.6"), ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Anything", "x"),
            ("X-Real-IP", "6.6.6.6"), ("Content_Length", "5"), ("X_Forwarded_For", "6.6.6.6"), ("x_api_key", "k"),
            ("Transfer_Encoding", "chunked"), ("x-gatehouse-tenant", "t"), ("x-later", "1"), ("X_Custom", "kept"),
            ("Accept", "kept"), ("x-forwarded", "kept"), ("Cookie", "a=1"), ("X-Hop-Else", "kept"),
        ])
        #expect(request.forwardable.map(\.name) == ["X_Custom", "Accept", "x-forwarded", "Cookie", "X-Hop-Else"])
        #expect(request.host == "h")
        #expect(request.connectionOptions == ["x-hop", "host", "x-later"])
        #expect(request.credentials.apiKey == "k")
        #expect(!request.credentials.hasConflict)
        #expect(request.isUpgrade)
    }

    @Test func `cookie crumbs become one cookie`() throws {
        let request = try check([("host", "h"), ("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")])
        #expect(request.forwardable["cookie"] == ["a=1; b=2; c=3"])
    }

    @Test(arguments: [
        [("Authorization", "Bearer a"), ("api-key", "b")], [("api-key", "a"), ("x-api-key", "b")],
        [("api-key", "a"), ("Authorization", "Bearer b")],
        [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
        [("Authorization", "AWS4-HMAC-SHA256 x"), ("api-key", "b")],
    ])
    func `two different credentials are a conflict`(headers: [(String, String)]) throws {
        #expect(try check([("Host", "h")] + headers).credentials.hasConflict)
    }

    @Test func `the same credential twice is one`() throws {
        let request = try check([("Host", "h"), ("api-key", "a"), ("Authorization", "Bearer  a"), ("x-api-key", "a ")])
        #expect(!request.credentials.hasConflict)
        #expect(request.credentials.bearer == "a")
        #expect(request.credentials.apiKey == "a")
    }

    /// Headers that break one rule.
    struct Broken: Sendable {
        let headers: [(String, String)]
        let fault: RequestFault
    }

    private static let host = ("Host", "h")
    private static let broken: [Broken] = [
        Broken(headers: [host, ("X A", "b")], fault: .fieldName),
        Broken(headers: [host, ("", "b")], fault: .fieldName),
        Broken(headers: [host, ("X", "a\r\nb")], fault: .fieldValue),
        Broken(headers: [host, ("X", "a\0b")], fault: .fieldValue),
        Broken(headers: [host, ("X", "a longer value with \u{8} in it")], fault: .fieldValue),
        Broken(headers: [host, ("X", "caf\u{fffd}")], fault: .fieldValue),
        Broken(headers: [("X", "h")], fault: .hostCount),
        Broken(headers: [host, ("Host", "h")], fault: .hostCount),
        Broken(headers: [("Host", "")], fault: .host),
        Broken(headers: [("Host", "a,b")], fault: .host),
        Broken(headers: [host, ("Content-Length", "5"), ("Content-Length", "5")], fault: .contentLength),
        Broken(headers: [host, ("Content-Length", "5"), ("Transfer-Encoding", "chunked")], fault: .conflictingFraming),
        Broken(headers: [host, ("Transfer-Encoding", "gzip, chunked")], fault: .unknownTransferCoding),
        Broken(
            headers: [host, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
            fault: .transferEncoding
        ),
        Broken(headers: [host, ("Expect", "tea")], fault: .expectation),
        Broken(
            headers: [host, ("azureml-model-deployment", "a"), ("azureml-model-deployment", "b")],
            fault: .repeatedField
        ),
    ]

    @Test(arguments: broken)
    func `a head that breaks a rule names the rule`(head: Broken) {
        #expect(throws: head.fault) { try check(head.headers) }
    }

    @Test(arguments: Corpus.lengths.filter { !$0.contains("\n") && !$0.contains("\t") })
    func `a length that is no number is refused over both protocols`(length: String) {
        let headers = [("host", "h"), ("content-length", length)]
        #expect(throws: RequestFault.self) { try check(headers) }
        #expect(throws: RequestFault.self) { try check(headers, version: .http2, over: .http2) }
    }

    @Test func `an HTTP 1_0 request may come without Host and is told nothing of continue`() throws {
        let request = try check([("Expect", "100-continue"), ("Content-Length", "1")], version: .http1_0)
        #expect(request.host == "")
        #expect(!request.expectsContinue)
        #expect(!request.acceptsKeepAlive)
        #expect(throws: RequestFault.transferEncoding) {
            try check([("Transfer-Encoding", "chunked")], version: .http1_0)
        }
        #expect(try check([("Connection", "Keep-Alive")], version: .http1_0).acceptsKeepAlive)
    }

    @Test func `the authority of an absolute form replaces Host`() throws {
        let request = try check([("Host", "evil.test")], target: "HTTPS://Good.test:1/x?y")
        #expect(request.host == "good.test")
        #expect(request.authority == "Good.test:1")
        #expect(request.path == "/x")
        #expect(try check([("Host", "h")], target: "http://h").path == "/")
        #expect(try check([("Host", "h")], target: "http://h?q").query == "q")
        #expect(throws: RequestFault.target) {
            try check([("host", "h")], target: "http://h/x", version: .http2, over: .http2)
        }
        #expect(throws: RequestFault.host) { try check([("Host", "h")], target: "http://a@h/x") }
        #expect(throws: RequestFault.host) { try check([("Host", "h")], target: "http:///x") }
        #expect(throws: RequestFault.scheme) { try check([("Host", "h")], target: "ftp://h/x") }
    }

    @Test(arguments: [
        (HTTPMethod.CONNECT, RequestFault.connect), (.TRACE, .trace), (.RAW(value: "FROB"), .method),
        (.RAW(value: "GET /x HTTP/1.1\r\n"), .method), (.MSEARCH, .method),
    ])
    func `a method that cannot be forwarded is refused`(method: HTTPMethod, fault: RequestFault) {
        #expect(throws: fault) { try check([("Host", "h")], method: method) }
    }

    @Test(arguments: [HTTPMethod.GET, .PUT, .PATCH, .DELETE, .OPTIONS, .HEAD, .PROPFIND, .RAW(value: "QUERY")])
    func `every other method passes`(method: HTTPMethod) throws {
        #expect(try check([("Host", "h")], method: method).method == method)
    }

    @Test(arguments: [String(repeating: "a", count: 129), "a b", "a\"b", "a'b", "a\\b", "", "é"])
    func `a request id that could break a log is not kept`(id: String) throws {
        #expect(try check([("Host", "h"), ("x-request-id", id)]).requestID == nil)
    }

    @Test func `HTTP 2 has the bounds of HTTP 1`() {
        let many = (0...203).map { ("x-\($0)", "v") }
        #expect(throws: RequestFault.tooManyFields) {
            try check([("host", "h")] + many, version: .http2, over: .http2)
        }
        let long = "/" + String(repeating: "a", count: 17_000)
        #expect(throws: RequestFault.targetTooLong) {
            try check([("host", "h")], target: long, version: .http2, over: .http2)
        }
    }

    @Test func `every fault has a status of its kind and a sentence`() {
        for fault in RequestFault.allCases {
            #expect((400...505).contains(fault.status))
            #expect(fault.reason.hasSuffix("."))
        }
        for violation in GuardViolation.allCases {
            #expect([400, 414, 431, 501, 505].contains(violation.status))
            #expect(violation.reason.hasSuffix("."))
        }
    }
}
