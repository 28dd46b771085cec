/// Why `HTTP1Guard` stopped reading a connection: the status to answer with and the rule that was broken.
enum GuardViolation: Error, Equatable, CaseIterable {
    case emptyLines
    case method
    case unknownMethod
    case target
    case requestLineTooLong
    case requestLine
    case unsupportedVersion
    case lineEnd
    case foldedLine
    case fieldName
    case fieldValue
    case headTooLarge
    case tooManyFields
    case contentLength
    case transferEncoding
    case unknownTransferCoding
    case conflictingFraming
    case chunkSize
    case chunkExtension
    case chunkEnd
    case trailersTooLarge

    /// The status of the answer; the connection closes behind it.
    var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .headTooLarge, .tooManyFields: 431
        case .unknownMethod, .unknownTransferCoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// The rule as a sentence; it never repeats what the client sent (H1-16).
    var reason: String {
        switch self {
        case .emptyLines: "Too many empty lines stand before the request line."
        case .method: "The method is not a token."
        case .unknownMethod: "This method is not supported."
        case .target: "The request target holds a byte that a URL cannot have."
        case .requestLineTooLong: "The request line is longer than 16 KiB."
        case .requestLine: "The request line is not a method, a target and a version with one space between them."
        case .unsupportedVersion: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        case .lineEnd: "Lines end with CR LF; one of the two stood alone."
        case .foldedLine: "A header line starts with white space; folded headers are not accepted."
        case .fieldName: "A header name is empty, holds a byte that is not a token, or has space before its colon."
        case .fieldValue: "A header value holds a control character."
        case .headTooLarge: "The request head is larger than 64 KiB."
        case .tooManyFields: "The request head has more than 200 headers."
        case .contentLength: "Content-Length must be one number of 1 to 19 digits."
        case .transferEncoding: "Transfer-Encoding may be sent once, and not with HTTP/1.0."
        case .unknownTransferCoding: "The only transfer coding accepted is chunked."
        case .conflictingFraming: "Content-Length and Transfer-Encoding exclude each other."
        case .chunkSize: "A chunk size must be 1 to 16 hexadecimal digits and fit 63 bits."
        case .chunkExtension: "The chunk extensions of one request are larger than 16 KiB or hold a control character."
        case .chunkEnd: "A chunk is not followed by CR LF."
        case .trailersTooLarge: "The trailers are larger than 8 KiB or more than 32."
        }
    }
}
