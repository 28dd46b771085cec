import NIOCore
import NIOHPACK
import NIOHTTP2

/// Stands in front of NIO's HTTP/2-to-HTTP/1 codec on every stream and holds the request to what the codec hides.
///
/// The codec throws `:authority` away where `host` is there too (H2-6), wants an authority where RFC 9113 does not, and
/// marks a GET with a body as one without; behind it none of the three can be seen.
final class StreamGuard: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    private var hasHead = false
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        guard !hasHead, case .headers(var frame) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        hasHead = true
        do {
            try Self.normalise(&frame.headers, hasBody: !frame.endStream)
            context.fireChannelRead(wrapInboundOut(.headers(frame)))
        } catch {
            isRefused = true
            context.fireErrorCaught(error)
        }
    }

    static func normalise(_ headers: inout HPACKHeaders, hasBody: Bool) throws(RequestFault) {
        var authority: String?
        var host: String?
        var hosts = 0
        var method = ""
        var hasLength = false
        for (name, value, _) in headers {
            switch name {
            case ":authority": authority = value
            case ":method": method = value
            case "host":
                host = value
                hosts += 1
            case "content-length": hasLength = true
            default: break
            }
        }
        guard hosts <= 1 else { throw .hostCount }
        guard authority != nil || host != nil else { throw .hostCount }
        if let authority, let host, !authority.isSameHost(as: host) { throw .authority }
        if hasBody, !hasLength, method == "GET" || method == "HEAD" || method == "DELETE" {
            headers.add(name: "transfer-encoding", value: "chunked")
        }
        guard authority == nil, let host else { return }
        headers = HPACKHeaders([(":authority", host)] + headers.map { ($0.name, $0.value) })
    }
}

extension String {
    /// Whether two authorities are the same in any letter case.
    fileprivate func isSameHost(as other: String) -> Bool {
        utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { $0.lowercased == $1.lowercased }
    }
}
