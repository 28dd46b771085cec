import GatewayCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct ResponseRulesTests {
    private func check(
        _ status: Int,
        _ headers: [(String, String)],
        to method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1
    ) throws(ResponseFault) -> ResponseBody {
        let head = HTTPResponseHead(
            version: version,
            status: HTTPResponseStatus(statusCode: status),
            headers: HTTPHeaders(headers)
        )
        return try ResponseRules.check(head, requestMethod: method)
    }

    @Test func `the body is as long as the head says`() throws {
        #expect(try check(200, [("Content-Length", "5 ")]) == .length(5))
        #expect(try check(200, [("Transfer-Encoding", "Chunked")]) == .chunked)
        #expect(try check(200, []) == .untilClose)
        #expect(try check(200, [], version: .http1_0) == .untilClose)
        #expect(try check(204, [("Content-Length", "22")]) == .none(declared: nil))
        #expect(try check(304, [("Content-Length", "22")]) == .none(declared: 22))
        #expect(try check(200, [("Content-Length", "22")], to: .HEAD) == .none(declared: 22))
        #expect(try check(200, [("Transfer-Encoding", "chunked")], to: .HEAD) == .none(declared: nil))
        #expect(try check(103, []) == .none(declared: nil))
    }

    /// A head that breaks one rule.
    struct Broken: Sendable {
        let status: Int
        let headers: [(String, String)]
        let fault: ResponseFault
    }

    private static let broken: [Broken] = [
        Broken(status: 200, headers: [("Content-Length", "5"), ("Content-Length", "9")], fault: .contentLength),
        Broken(status: 200, headers: [("Content-Length", "-5")], fault: .contentLength),
        Broken(status: 200, headers: [("Content-Length", "+5")], fault: .contentLength),
        Broken(status: 200, headers: [("Content-Length", "99999999999999999999999")], fault: .contentLength),
        Broken(
            status: 200,
            headers: [("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
            fault: .conflictingFraming
        ),
        Broken(status: 200, headers: [("Transfer-Encoding", "wibble")], fault: .transferEncoding),
        Broken(status: 200, headers: [("Transfer-Encoding", "gzip, chunked")], fault: .transferEncoding),
        Broken(status: 200, headers: [("X-N", "a\0b")], fault: .fieldValue),
        Broken(status: 200, headers: [("X-N", "a\rb")], fault: .fieldValue),
        Broken(status: 200, headers: [("X N", "a")], fault: .fieldName),
        Broken(status: 101, headers: [("Upgrade", "websocket")], fault: .switchingProtocols),
        Broken(status: 99, headers: [], fault: .status),
        Broken(status: 600, headers: [], fault: .status),
        Broken(status: 2000, headers: [], fault: .status),
    ]

    @Test(arguments: broken)
    func `a response that two readers could read differently is refused`(head: Broken) {
        #expect(throws: head.fault) { try check(head.status, head.headers) }
    }

    @Test func `hop-by-hop response headers and what Connection lists stay behind`() {
        let headers: HTTPHeaders = [
            "X-Hop-Secret": "1", "Connection": "X-Hop-Secret, keep-alive", "Keep-Alive": "timeout=99",
            "Proxy-Connection": "keep-alive", "Content-Length": "2", "Transfer-Encoding": "chunked", "Upgrade": "h2c",
            "Trailer": "x", "Content-Type": "text/plain ", "Set-Cookie": "a", "Proxy-Authenticate": "Basic",
        ]
        let kept = headers.forwardableResponseHeaders()
        #expect(kept.map(\.name) == ["Content-Type", "Set-Cookie"])
        #expect(kept["Content-Type"] == ["text/plain"])
    }

    @Test func `trailers that frame, route or authenticate stay behind`() {
        let trailers: HTTPHeaders = [
            "X-Sum": "1", "Content-Length": "5", "Transfer-Encoding": "chunked", "Host": "x", "Authorization": "a",
            "api-key": "a", "Connection": "x", "azureml-model-deployment": "a", "X-Forwarded-For": "a", "Cookie": "a",
            "content_length": "5", "Content-Type": "a", "grpc-status": "0", "Bad Name": "x", "X-Bad": "a\nb",
        ]
        #expect(trailers.forwardableTrailers().map(\.name) == ["X-Sum", "grpc-status"])
    }

    @Test func `the last line before the wire refuses what is two messages to someone`() {
        let sound: HTTPHeaders = ["Host": "h", "Content-Length": "5", "X-A": "b"]
        #expect(WriteRules.isSafeToWrite(method: .POST, target: "/a?b", headers: sound))
        #expect(!WriteRules.isSafeToWrite(method: .RAW(value: "GET /"), target: "/a", headers: sound))
        for target in ["", "a", "/a b", "/a\r\nX: y", "/é", "*"] {
            #expect(!WriteRules.isSafeToWrite(method: .GET, target: target, headers: sound))
        }
        let broken: [HTTPHeaders] = [
            ["X\r\nY": "z"], ["X": "a\r\nY: z"], ["Host": "a", "host": "b"], ["Content-Length": "5, 6"],
            ["Content-Length": "5", "Transfer-Encoding": "chunked"], ["Transfer-Encoding": "x"],
            ["Content_Length": "5"],
        ]
        for headers in broken { #expect(!WriteRules.areSafe(headers)) }
    }

    @Test(
        arguments: [
            ([], ["Origin"]), (["Accept"], ["Accept, Origin"]),
            (["Accept, Cookie", "TE"], ["Accept, Cookie, TE, Origin"]), (["origin"], ["origin"]),
            (["Accept,ORIGIN"], ["Accept, ORIGIN"]), (["*"], ["*, Origin"]),
        ] as [([String], [String])]
    )
    func `there is one Vary, with the origin and all that the upstream's answer depends on`(
        _ told: [String],
        _ kept: [String]
    ) {
        var headers = HTTPHeaders(told.map { ("Vary", $0) } + [("content-type", "text/plain")])
        headers.add(CORSPolicy.onlyVary)
        #expect(headers["vary"] == kept)
        headers.add(CORSPolicy.onlyVary)
        #expect(headers["vary"] == kept && headers.count == 2)
    }
}
