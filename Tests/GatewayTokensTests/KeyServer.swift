import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An issuer's web server on loopback: answers what the test tells it, counts, and can hold an answer back.
final class KeyServer: Sendable {
    /// What a path answers.
    enum Answer: Sendable {
        case json(String, cacheControl: String? = nil)
        case status(Int, location: String? = nil)
        /// The connection is closed without an answer.
        case hangUp
        /// Nothing, until `release`.
        case held
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var hits: [String: Int] = [:]
        var held: [(path: String, channel: any Channel)] = []
    }

    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let arrival: AsyncStream<String>.Continuation
    /// The path of each request, as it comes; for one reader.
    let arrivals: AsyncStream<String>

    init() async throws {
        (arrivals, arrival) = AsyncStream.makeStream()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Responder(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() async throws {
        try await listener.withLock { $0 }?.close().get()
    }

    func set(_ path: String, _ answer: Answer) {
        state.withLock { $0.answers[path] = answer }
    }

    func hits(_ path: String) -> Int { state.withLock { $0.hits[path] ?? 0 } }

    /// Answers what was held back, by what the paths answer now.
    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for (path, channel) in held { answer(path, on: channel) }
    }

    fileprivate func request(_ path: String, on channel: any Channel) {
        state.withLock { $0.hits[path, default: 0] += 1 }
        answer(path, on: channel)
        arrival.yield(path)
    }

    private func answer(_ path: String, on channel: any Channel) {
        switch state.withLock({ $0.answers[path] }) ?? .status(404) {
        case .json(let body, let cacheControl):
            var headers = HTTPHeaders([("Content-Type", "application/json")])
            if let cacheControl { headers.add(name: "Cache-Control", value: cacheControl) }
            write(.ok, headers, body, on: channel)
        case .status(let status, let location):
            let headers = HTTPHeaders(location.map { [("Location", $0)] } ?? [])
            write(HTTPResponseStatus(statusCode: status), headers, "", on: channel)
        case .hangUp: channel.close(promise: nil)
        case .held: state.withLock { $0.held.append((path, channel)) }
        }
    }

    private func write(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: String, on channel: any Channel) {
        var headers = headers
        headers.add(name: "Content-Length", value: "\(body.utf8.count)")
        channel.write(
            HTTPServerResponsePart.head(.init(version: .http1_1, status: status, headers: headers)),
            promise: nil
        )
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }
}

/// Hands each request's path to the server.
private final class Responder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let server: KeyServer

    init(server: KeyServer) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        server.request(head.uri, on: context.channel)
    }
}
