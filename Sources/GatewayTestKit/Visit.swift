package import NIOCore
package import NIOHTTP1

/// One request as a fake upstream sees it, and the means to answer it piece by piece.
package final class Visit: Sendable {
    /// What can be written of an answer.
    enum Part: Sendable {
        case head(HTTPResponseHead)
        case bytes(ByteBuffer)
        case end(HTTPHeaders?)
    }

    /// What comes of the request behind its head.
    enum Piece: Sendable {
        case bytes(ByteBuffer)
        case end(HTTPHeaders?)
        case gone
    }

    package let method: String
    package let target: String
    package let headers: HTTPHeaders
    /// Counts the upstream's requests from 1.
    package let number: Int
    /// Whether no request came before it on its connection.
    package let isFirstOnConnection: Bool
    let pieces = Inbox<Piece>()
    private let channel: any Channel

    init(_ head: HTTPRequestHead, number: Int, isFirstOnConnection: Bool, channel: any Channel) {
        method = head.method.rawValue
        target = head.uri
        headers = head.headers
        self.number = number
        self.isFirstOnConnection = isFirstOnConnection
        self.channel = channel
    }

    /// The next bytes of the request's body; `nil` at its end or when the gateway left.
    package func piece() async throws -> ByteBuffer? {
        switch try await pieces.next() {
        case .bytes(let bytes): bytes
        case .end, .gone: nil
        }
    }

    /// All of the request's body.
    package func body() async throws -> String {
        var all = ByteBuffer()
        while var piece = try await piece() { all.writeBuffer(&piece) }
        return String(buffer: all)
    }

    /// All of the request's trailers, behind its body.
    package func trailers() async throws -> HTTPHeaders? {
        while true {
            switch try await pieces.next() {
            case .bytes: continue
            case .end(let trailers): return trailers
            case .gone: return nil
            }
        }
    }

    /// A whole answer with its length.
    package func respond(_ status: Int = 200, _ headers: [(String, String)] = [], _ body: String = "") async throws {
        try await begin(status, headers + [("content-length", String(body.utf8.count))])
        if !body.isEmpty, method != "HEAD" { try await send(body) }
        try await end()
    }

    /// The head of an answer; without a length it is chunked.
    package func begin(_ status: Int = 200, _ headers: [(String, String)] = []) async throws {
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: HTTPHeaders(headers))
        try await channel.writeAndFlush(Part.head(head)).get()
    }

    package func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    /// Ends when the bytes have been taken by the system: a gateway that does not read holds this up.
    package func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(Part.bytes(bytes)).get()
    }

    package func end(_ trailers: [(String, String)]? = nil) async throws {
        try await channel.writeAndFlush(Part.end(trailers.map { HTTPHeaders($0) })).get()
    }

    /// Takes nothing more from the gateway.
    package func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Breaks the connection off.
    package func cut() {
        channel.close(promise: nil)
    }

    /// Ends when the gateway has closed the connection.
    package func gatewayLeft(within bound: Duration = .patience) async throws {
        let closed = Inbox<Bool>()
        channel.closeFuture.whenComplete { _ in closed.put(true) }
        _ = try await closed.next(within: bound)
    }
}
