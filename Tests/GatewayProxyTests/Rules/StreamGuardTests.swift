import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import Testing

@testable import GatewayProxy

@Suite struct StreamGuardTests {
    /// What the rules say to a request that came through the guard and NIO's own codec.
    private func check(_ fields: [(String, String)], hasBody: Bool = false) throws -> Result<
        CheckedRequest, RequestFault
    > {
        let channel = EmbeddedChannel()
        let recorder = Recorder()
        try channel.pipeline.syncOperations.addHandlers([
            StreamGuard(), HTTP2FramePayloadToHTTP1ServerCodec(), recorder,
        ])
        let payload = HTTP2Frame.FramePayload.Headers(headers: HPACKHeaders(fields), endStream: !hasBody)
        try channel.writeInbound(HTTP2Frame.FramePayload.headers(payload))
        if let fault = recorder.fault { return .failure(fault) }
        // No head and no fault: NIO's codec refused it first.
        guard let head = recorder.head else { return .failure(.target) }
        do throws(RequestFault) {
            return .success(try RequestRules.check(head, over: .http2))
        } catch {
            return .failure(error)
        }
    }

    private func fields(_ more: [(String, String)] = [], method: String = "GET") -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":authority", "h"), (":path", "/a")] + more
    }

    @Test func `a usual request passes`() throws {
        let request = try check(fields([("cookie", "a=1"), ("cookie", "b=2")])).get()
        #expect(request.host == "h")
        #expect(request.body == .none)
        #expect(request.acceptsKeepAlive)
        #expect(request.forwardable["cookie"] == ["a=1; b=2"])
    }

    @Test func `host must agree with the authority`() throws {
        #expect(try check(fields([("host", "H")])).get().host == "h")
        #expect(throws: RequestFault.authority) { try check(fields([("host", "evil.test")])).get() }
        #expect(throws: RequestFault.hostCount) { try check(fields([("host", "h"), ("host", "h")])).get() }
    }

    @Test func `host alone takes the authority's place and neither is refused`() throws {
        let bare = fields().filter { $0.0 != ":authority" }
        #expect(try check(bare + [("host", "i")]).get().host == "i")
        #expect(throws: RequestFault.hostCount) { try check(bare).get() }
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "POST", "PUT", "QUERY"])
    func `a body without a length is chunked whatever the method`(method: String) throws {
        #expect(try check(fields(method: method), hasBody: true).get().body == .chunked)
        let length = try check(fields([("content-length", "5")], method: method), hasBody: true).get()
        #expect(length.body == .length(5))
    }

    @Test(arguments: ["GE T", "CONNECT", "TRACE", "get", "FROB", "GET\r\nX:"])
    func `a method that HTTP 1 could not carry is refused`(method: String) throws {
        #expect(throws: RequestFault.self) { try check(fields(method: method)).get() }
    }

    private final class Recorder: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        private(set) var head: HTTPRequestHead?
        private(set) var fault: RequestFault?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = unwrapInboundIn(data) { self.head = head }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { fault = error as? RequestFault }
    }
}
