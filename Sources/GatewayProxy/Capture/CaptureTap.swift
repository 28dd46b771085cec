import GatewayCore
import NIOCore
import NIOHTTP1

/// Keeps the beginning of both bodies of an exchange while they pass, for the capture that may be made of it.
///
/// Bytes are copied: a slice would hold the whole buffer that a socket was read into.
final class CaptureTap {
    /// Of a long stream the times of the later pieces are not kept.
    private static let mostPieces = 4096

    private let limit: Int
    private var request = CapturedMessage()
    private var response = CapturedMessage()
    private var responseHeaders = HTTPHeaders()

    /// - Parameters:
    ///   - limit: bytes of each body.
    ///   - spare: buffers that may be filled.
    init(limit: Int, reusing spare: inout SpareBodies) {
        self.limit = limit
        request.body = spare.take()
        response.body = spare.take()
    }

    init(limit: Int) {
        self.limit = limit
    }

    func requestBody(_ bytes: ByteBuffer) { request.append(bytes, limit: limit) }

    func responseHead(_ headers: HTTPHeaders) { responseHeaders = headers }

    /// - Parameter microseconds: after the request's first byte.
    func responseBody(_ bytes: ByteBuffer, at microseconds: Int64) {
        if response.pieces.count < Self.mostPieces, response.body.count < limit, bytes.readableBytes > 0 {
            response.pieces.append(.init(offset: response.body.count, microseconds: microseconds))
        }
        response.append(bytes, limit: limit)
    }

    /// What of it a rule keeps; what that takes is done where the draft is finished.
    func draft(_ receipt: Receipt, by rule: CaptureRule, of checked: CheckedRequest) -> CaptureDraft {
        let (query, headers) = (checked.query ?? "", checked.forwardable)
        let request = rule.keepsRequest ? request.cut(to: rule.bodyLimit) : CapturedMessage()
        let response = rule.keepsResponse ? response.cut(to: rule.bodyLimit) : CapturedMessage()
        return CaptureDraft(request: request, response: response) { [responseHeaders] request, response in
            var capture = Capture(receipt: receipt, rule: rule, query: query, request: request, response: response)
            if rule.keepsRequest { capture.request.take(headers) }
            if rule.keepsResponse { capture.response.take(responseHeaders) }
            return capture
        }
    }
}

/// The capture of a copy, made where it and its live exchange are a pair.
struct MirrorCapture {
    let tap: CaptureTap
    private let rule: CaptureRule
    private let checked: CheckedRequest
    private let keep: (CaptureDraft) -> Void

    init(_ rule: CaptureRule, of checked: CheckedRequest, keep: @escaping (CaptureDraft) -> Void) {
        tap = CaptureTap(limit: rule.bodyLimit)
        self.rule = rule
        self.checked = checked
        self.keep = keep
    }

    func end(_ receipt: Receipt) { keep(tap.draft(receipt, by: rule, of: checked)) }
}

extension CapturedMessage {
    fileprivate mutating func append(_ bytes: ByteBuffer, limit: Int) {
        size += Int64(bytes.readableBytes)
        let count = min(limit - body.count, bytes.readableBytes)
        if count > 0 { body += bytes.readableBytesView.prefix(count) }
    }

    fileprivate mutating func take(_ headers: HTTPHeaders) {
        self.headers = headers.map { Header(name: $0.name, value: $0.value) }
    }

    fileprivate func cut(to limit: Int) -> CapturedMessage {
        var cut = self
        cut.isTruncated = size > Int64(min(body.count, limit))
        guard body.count > limit else { return cut }
        // Not the beginning of the longer one, which would be held whole.
        cut.body = Array(body[..<limit])
        cut.pieces.removeAll { $0.offset >= limit }
        return cut
    }
}
