import NIOHTTP1

/// Why an upstream's response head is refused; the client gets 502 and the connection is not used again (U-1).
enum ResponseFault: Error, Equatable, CaseIterable {
    case version
    case status
    case switchingProtocols
    case fieldName
    case fieldValue
    case contentLength
    case transferEncoding
    case conflictingFraming

    /// The status of the answer.
    var status: Int { 502 }

    /// The rule as a sentence for the log and the client.
    var reason: String {
        switch self {
        case .version: "The upstream answered with a version other than HTTP/1.0 and HTTP/1.1."
        case .status: "The upstream answered with a status outside 100 to 599."
        case .switchingProtocols: "The upstream switched protocols without being asked."
        case .fieldName: "The upstream sent a header name that is empty or not a token."
        case .fieldValue: "The upstream sent a header value with a control character or bytes that are not UTF-8."
        case .contentLength: "The upstream sent a Content-Length that is not one number."
        case .transferEncoding: "The upstream sent a transfer coding other than one chunked."
        case .conflictingFraming: "The upstream sent both Content-Length and Transfer-Encoding."
        }
    }
}

/// How long the body of a response is.
enum ResponseBody: Equatable {
    /// No body follows; the length is the one declared for a body that HEAD or 304 leaves out.
    case none(declared: Int?)
    case length(Int)
    case chunked
    case untilClose

    var hasBody: Bool { if case .none = self { false } else { true } }
}

/// The rules that an upstream's response head has to keep.
///
/// Pure: one pass over the headers, and the verdict.
enum ResponseRules {
    static func check(
        _ head: HTTPResponseHead,
        requestMethod: HTTPMethod
    ) throws(ResponseFault) -> ResponseBody {
        guard head.version.major == 1, head.version.minor <= 1 else { throw .version }
        let code = head.status.code
        guard (100...599).contains(code) else { throw .status }
        guard code != 101 else { throw .switchingProtocols }
        var framing = Framing()
        for (name, value) in head.headers { try framing.add(name, value) }
        guard framing.length == nil || !framing.isChunked else { throw .conflictingFraming }
        guard !framing.isChunked || head.version.minor == 1 else { throw .transferEncoding }
        if code < 200 || code == 204 { return .none(declared: nil) }
        if code == 304 || requestMethod == .HEAD { return .none(declared: framing.length) }
        if framing.isChunked { return .chunked }
        return framing.length.map { .length($0) } ?? .untilClose
    }

    /// The framing headers seen so far.
    private struct Framing {
        var length: Int?
        var isChunked = false

        mutating func add(_ name: String, _ text: String) throws(ResponseFault) {
            let reading = FieldNameReading(name)
            guard reading.isToken else { throw .fieldName }
            guard text.isFieldValue else { throw .fieldValue }
            guard !reading.isLookalike else { return }
            guard reading.name == .contentLength || reading.name == .transferEncoding else { return }
            let value = text.withoutOuterSpace
            if reading.name == .contentLength {
                guard length == nil, let count = value.contentLength else { throw .contentLength }
                length = count
            } else {
                guard !isChunked, value.isWord(.chunked) else { throw .transferEncoding }
                isChunked = true
            }
        }
    }
}
