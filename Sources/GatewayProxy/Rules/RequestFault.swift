/// Why a request's head is refused, whichever protocol it came over.
enum RequestFault: Error, Equatable, CaseIterable {
    case version
    case method
    case connect
    case trace
    case target
    case targetTooLong
    case targetBytes
    case targetEscape
    case targetSegment
    case fragment
    case asterisk
    case scheme
    case host
    case hostCount
    case authority
    case tooManyFields
    case fieldName
    case fieldValue
    case contentLength
    case transferEncoding
    case unknownTransferCoding
    case conflictingFraming
    case expectation
    case repeatedField

    /// The status of the answer.
    var status: Int {
        switch self {
        case .connect, .trace: 405
        case .asterisk: 404
        case .targetTooLong: 414
        case .expectation: 417
        case .tooManyFields: 431
        case .method, .unknownTransferCoding: 501
        case .version: 505
        default: 400
        }
    }

    /// The rule as a sentence; it never repeats what the client sent (H1-16).
    var reason: String {
        switch self {
        case .version: "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here."
        case .method: "The method is not one this server knows."
        case .connect: "CONNECT is not supported; this is not a forward proxy."
        case .trace: "TRACE is not supported."
        case .target: "The request target must start with a slash or be an http or https URL."
        case .targetTooLong: "The request target is longer than 16 KiB."
        case .targetBytes: "The request target holds a byte that a URL cannot have."
        case .targetEscape: "The path holds a broken escape, or one for a slash, a backslash or a control character."
        case .targetSegment: "The path holds a dot segment with a parameter."
        case .fragment: "The request target holds a fragment."
        case .asterisk: "There is nothing at the asterisk form."
        case .scheme: "The URL of the request has a scheme other than http and https."
        case .host: "The Host header is not a host name or address with an optional port."
        case .hostCount: "A request carries exactly one Host header."
        case .authority: "The Host header and the authority of the request differ."
        case .tooManyFields: "The request head has more than 200 headers."
        case .fieldName: "A header name is empty or holds a byte that is not a token."
        case .fieldValue: "A header value holds a control character or bytes that are not UTF-8."
        case .contentLength: "Content-Length must be one number of 1 to 19 digits."
        case .transferEncoding: "Transfer-Encoding may be sent once, and not with HTTP/1.0."
        case .unknownTransferCoding: "The only transfer coding accepted is chunked."
        case .conflictingFraming: "Content-Length and Transfer-Encoding exclude each other."
        case .expectation: "The only expectation that can be met is 100-continue."
        case .repeatedField: "A header that must be sent once was sent more than once."
        }
    }
}
