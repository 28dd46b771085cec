/// One request to send: exactly these header lines, and nothing that libcurl would add by itself but the framing of the body.
package struct CurlRequest: Sendable {
    /// Who has to have signed the server's certificate; the chain and the name are always verified.
    package enum CertificateAuthority: Sendable, Hashable {
        case system
        case file(String)
        case bytes([UInt8])
    }

    package var method: String
    package var url: String
    /// Header lines in order, `Host` included.
    ///
    /// `Content-Length`, `Transfer-Encoding` and `Expect` are left out: framing follows from the fields below.
    package var headers: [(String, String)]
    package var hasBody: Bool
    /// The body's length where it is known; without it HTTP/1.1 sends chunks.
    package var contentLength: Int?
    package var authority: CertificateAuthority
    /// Bounds name lookup, connect and TLS together.
    package var connectTimeout: Duration
    /// Bounds the whole transfer; none by default, the caller cancels.
    package var timeout: Duration?
    package var allowsHTTP2: Bool
    /// No kept connection will do.
    package var isFresh: Bool
    /// Its connection is closed behind it.
    package var closesConnection: Bool
    /// Only dials: nothing is sent, and the answer is an empty one with the status 0.
    package var isConnectOnly: Bool
    /// Dials this socket instead of the URL's host; no proxy and no address check apply then.
    package var unixSocketPath: String?
    /// Whether a proxy of the environment is used.
    package var allowsProxy: Bool
    /// Beside the client's own rule: asked with the numeric address that the request is about to be sent to, on a kept
    /// connection too.
    package var isAddressAllowed: (@Sendable (String) -> Bool)?

    package init(
        method: String = "GET",
        url: String,
        headers: [(String, String)] = [],
        hasBody: Bool = false,
        contentLength: Int? = nil,
        authority: CertificateAuthority = .system
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.hasBody = hasBody
        self.contentLength = contentLength
        self.authority = authority
        connectTimeout = .seconds(5)
        timeout = nil
        allowsHTTP2 = true
        isFresh = false
        closesConnection = false
        isConnectOnly = false
        unixSocketPath = nil
        allowsProxy = true
        isAddressAllowed = nil
    }
}

extension CurlRequest {
    /// The lines as libcurl wants them, or the reason why the request may not be sent.
    func headerLines() throws(CurlRequestProblem) -> [String] {
        var lines = ["Expect:"]
        var hasAccept = false
        for (name, value) in headers {
            guard name.isFieldName, value.isFieldValue else {
                throw CurlRequestProblem("header \(name.debugDescription)")
            }
            switch name.lowercased() {
            case "content-length", "transfer-encoding", "expect": continue
            case "accept": hasAccept = true
            default: break
            }
            // libcurl reads "Name:" as "leave this header out" and "Name;" as "send it empty".
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        if !hasAccept { lines.append("Accept:") }
        return lines
    }

    /// The method, checked: it is written into the request line as it is.
    func checkedMethod() throws(CurlRequestProblem) -> String {
        guard method.isFieldName else { throw CurlRequestProblem("method \(method.debugDescription)") }
        return method
    }

    /// Whether a connect can run out of its own time before the request does.
    var boundsConnectApart: Bool { timeout.map { $0 > connectTimeout } ?? true }

    /// What libcurl has to upload; a POST without a body still says that its length is 0.
    var uploadLength: UploadLength {
        if method == "HEAD" { return .none }
        if hasBody { return contentLength.map(UploadLength.known) ?? .unknown }
        return ["POST", "PUT", "PATCH"].contains(method) ? .known(0) : .none
    }

    /// How the length of a request body is announced.
    enum UploadLength: Equatable {
        case none
        case known(Int)
        case unknown
    }
}

/// Why a request cannot be given to libcurl.
struct CurlRequestProblem: Error, Equatable {
    let reason: String

    init(_ part: String) {
        reason = "the request's \(part) is not valid"
    }
}
