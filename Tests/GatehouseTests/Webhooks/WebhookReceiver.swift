import Foundation
import GatewayTLS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on loopback that takes webhook deliveries and answers them as its script says.
final class WebhookReceiver: Sendable {
    /// One delivery as it came.
    struct Request: Sendable {
        /// Counts from 1.
        var number: Int
        var method: String
        var target: String
        var headers: HTTPHeaders
        var body: String

        func header(_ name: String) -> String { headers.first(name: name) ?? "" }
    }

    enum Reply: Sendable {
        case status(Int, headers: [(String, String)] = [], body: Int = 0)
        /// Never, the connection stays open.
        case hang
        /// Closes the connection.
        case cut
    }

    /// What is shared with the connections.
    final class Desk: Sendable {
        let requests = Mutex<[Request]>([])
        let open = Mutex((now: 0, most: 0))
        let script: @Sendable (Request) -> Reply
        let (arrivals, arrive) = AsyncStream.makeStream(of: Request.self)

        init(_ script: @escaping @Sendable (Request) -> Reply) { self.script = script }
    }

    let port: Int
    let scheme: String
    private let desk: Desk
    private let channel: any Channel

    /// - Parameter certificates: serves HTTPS with them.
    init(
        certificates: CertificateStore? = nil,
        _ script: @escaping @Sendable (Request) -> Reply = { _ in .status(204) }
    ) async throws {
        let desk = Desk(script)
        let tls = try certificates.map { try TLSServer(certificates: $0, applicationProtocols: ["http/1.1"]) }
        self.desk = desk
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(DeskHandler(desk: desk))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        scheme = tls == nil ? "http" : "https"
    }

    deinit { channel.close(promise: nil) }

    var url: String { "\(scheme)://127.0.0.1:\(port)/hook?from=gatehouse" }
    var requests: [Request] { desk.requests.withLock { $0 } }
    /// How many were unanswered at once.
    var mostOpen: Int { desk.open.withLock { $0.most } }

    /// Waits until so many came, counted from the first.
    func requests(_ count: Int) async -> [Request] {
        guard requests.count < count else { return requests }
        for await request in desk.arrivals where request.number >= count { break }
        return requests
    }
}

/// Reads requests, has the script decide and answers.
private final class DeskHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let desk: WebhookReceiver.Desk
    private var head: HTTPRequestHead?
    private var body = ""
    private var isWaiting = false

    init(desk: WebhookReceiver.Desk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, "")
        case .body(let bytes): body += String(buffer: bytes)
        case .end: answer(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isWaiting { desk.open.withLock { $0.now -= 1 } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let request = desk.requests.withLock { requests in
            let request = WebhookReceiver.Request(
                number: requests.count + 1,
                method: head.method.rawValue,
                target: head.uri,
                headers: head.headers,
                body: body
            )
            requests.append(request)
            return request
        }
        desk.open.withLock { open in
            open.now += 1
            open.most = max(open.most, open.now)
        }
        isWaiting = true
        reply(desk.script(request), context)
        desk.arrive.yield(request)
    }

    private func reply(_ reply: WebhookReceiver.Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .hang: return
        case .cut: context.close(promise: nil)
        case .status(let status, let headers, let count):
            isWaiting = false
            desk.open.withLock { $0.now -= 1 }
            var fields = HTTPHeaders(headers)
            if status != 204 { fields.add(name: "content-length", value: "\(count)") }
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if count > 0 {
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(repeating: 0x78, count: count)))),
                    promise: nil
                )
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
