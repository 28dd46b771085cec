import NIOCore
import NIOHTTP1

/// One attempt to have an upstream answer a request, over whichever transport its instance has.
enum UpstreamCall {
    case direct(UpstreamConnection)
    case curl(CurlUpstream)

    /// Whether more of the request body may be written now.
    var isWritable: Bool {
        switch self {
        case .direct(let connection): connection.isWritable
        case .curl(let upstream): upstream.isWritable
        }
    }

    func sendHead(_ head: HTTPRequestHead, body: BodyLength, announcesTrailers: Bool) {
        switch self {
        case .direct(let connection): connection.sendHead(head)
        case .curl(let upstream): upstream.sendHead(head, body: body, announcesTrailers: announcesTrailers)
        }
    }

    func sendBody(_ bytes: ByteBuffer) {
        switch self {
        case .direct(let connection): connection.sendBody(bytes)
        case .curl(let upstream): upstream.sendBody(bytes)
        }
    }

    func sendEnd(trailers: HTTPHeaders?) {
        switch self {
        case .direct(let connection): connection.sendEnd(trailers: trailers)
        case .curl(let upstream): upstream.sendEnd(trailers: trailers)
        }
    }

    func flush() {
        switch self {
        case .direct(let connection): connection.flush()
        case .curl: break
        }
    }

    /// Lets the upstream send on, or makes it wait for a client that reads slowly.
    func setReading(_ isReading: Bool) {
        switch self {
        case .direct(let connection): connection.setReading(isReading)
        case .curl(let upstream): upstream.setReading(isReading)
        }
    }

    /// Nobody wants the answer any more: the upstream learns it at once.
    func cancel() {
        switch self {
        case .direct(let connection): connection.cancel()
        case .curl(let upstream): upstream.cancel()
        }
    }
}
