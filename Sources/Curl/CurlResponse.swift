package import NIOCore

/// The head of a final response, header lines as they came and in order.
package struct CurlHead: Sendable {
    package var status: Int
    /// `1.0`, `1.1` or `2`.
    package var version: String
    package var headers: [(String, String)]

    /// The first value of a header, whatever the case of its name.
    package func first(_ name: String) -> String? {
        headers.first { $0.0.lowercased() == name.lowercased() }?.1
    }
}

/// A whole response, for callers that do not stream.
package struct CurlResponse: Sendable {
    package var head: CurlHead
    package var body: ByteBuffer
}

/// Why a transfer ended without a whole response.
package struct CurlFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// How far the transfer had come.
    package enum Phase: String, Sendable {
        /// No connection: name lookup, refused, an address that is not allowed, cut in the TLS handshake.
        case connect
        /// No secure connection, although the other side talked: chain, name or protocol version.
        case tls
        /// The request could not be built or written.
        case send
        /// The response was cut, malformed or over a limit.
        case receive
        /// The client was shut down under the transfer.
        case cancelled
        /// The request's own time was over.
        case timeout
    }

    package var phase: Phase
    /// Whether the server may have seen any byte of the request.
    package var hasSentRequest: Bool
    /// Whether the connection had served an earlier request.
    package var isConnectionReused: Bool
    package var reason: String
    /// Whether what came breaks the rules of HTTP.
    package var isMalformed = false
    /// Whether the server's certificate is what was refused: its chain, its name, its dates.
    package var isUntrusted = false

    package var description: String { "\(phase.rawValue): \(reason)" }
}

/// Hears of one transfer, on the event loop that it was started with; after `curlEnd` or `curlFailed` nothing more.
package protocol CurlTransferDelegate: AnyObject {
    func curlHead(_ head: CurlHead)
    func curlBody(_ bytes: ByteBuffer)
    func curlEnd(trailers: [(String, String)])
    func curlFailed(_ failure: CurlFailure)
    /// The upload buffer was full and has room again.
    func curlWritable()
}

/// What the curl thread tells about a transfer.
enum TransferEvent: Sendable {
    case head(CurlHead)
    case body(ByteBuffer)
    case end(trailers: [(String, String)])
    case failed(CurlFailure)
    case writable
}
