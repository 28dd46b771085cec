import GatewayCore
import NIOHTTP1

/// What one pass over a request's headers collects.
struct RequestFields {
    private(set) var host = ""
    private(set) var hostCount = 0
    private(set) var hasConnection = false
    private(set) var hasUpgrade = false
    private(set) var expectsContinue = false
    private(set) var acceptsTrailers = false
    private(set) var announcesTrailers = false
    private(set) var credentials = RequestCredentials()
    private(set) var pinnedDeployment: String?
    private(set) var tenant: String?
    private(set) var requestID: String?
    private(set) var contentType: String?
    private(set) var origin: String?
    private var preflightMethod: String?
    private var preflightHeaders: [String] = []
    private(set) var options = ConnectionOptions()
    private var length: Int?
    private var isChunked = false
    private var cookie: Int?
    private var kept: [(String, String)] = []

    init(capacity: Int) { kept.reserveCapacity(capacity) }

    mutating func add(_ name: String, _ text: String) throws(RequestFault) {
        let reading = FieldNameReading(name)
        guard reading.isToken else { throw .fieldName }
        guard text.isFieldValue else { throw .fieldValue }
        let value = text.withoutOuterSpace
        if reading.isLookalike {
            if !reading.isDangerousLookalike { kept.append((name, value)) }
            return
        }
        switch reading.name {
        case .other, .limitFamily: kept.append((name, value))
        case .cookie: addCookie(name, value)
        case .origin, .accessControlFamily: try addCrossOrigin(reading.name, name, value)
        case .contentType:
            contentType = contentType ?? value
            kept.append((name, value))
        case .contentLength, .transferEncoding: try addFraming(reading.name, value)
        default: try addMeaning(reading.name, value)
        }
    }

    /// What a browser asks before a page's request, when this is such a question (Fetch standard, "CORS-preflight request").
    func preflight(_ method: HTTPMethod) -> CORSPreflight? {
        guard method == .OPTIONS, let origin, let preflightMethod else { return nil }
        return CORSPreflight(origin: origin, method: preflightMethod, headers: preflightHeaders)
    }

    func body(isHTTP10: Bool) throws(RequestFault) -> BodyLength {
        guard isChunked else { return length.map { BodyLength.length($0) } ?? .none }
        guard length == nil else { throw .conflictingFraming }
        guard !isHTTP10 else { throw .transferEncoding }
        return .chunked
    }

    /// The headers that may go upstream.
    ///
    /// Connection can name a header wherever it stands, so its list is applied last.
    func forwardable() -> HTTPHeaders {
        guard !options.names.isEmpty else { return HTTPHeaders(kept) }
        return HTTPHeaders(kept.filter { !options.lists($0.0) })
    }

    private mutating func addFraming(_ name: FieldName, _ value: String) throws(RequestFault) {
        guard name == .transferEncoding else {
            guard length == nil, let count = value.contentLength else { throw .contentLength }
            length = count
            return
        }
        guard !isChunked else { throw .transferEncoding }
        guard value.isWord(.chunked) else { throw .unknownTransferCoding }
        isChunked = true
    }

    private mutating func addMeaning(_ name: FieldName, _ value: String) throws(RequestFault) {
        switch name {
        case .host:
            host = value
            hostCount += 1
        case .authorization: credentials.add(authorization: value)
        case .apiKey, .xAPIKey, .subscriptionKey: credentials.add(apiKey: value)
        case .connection:
            hasConnection = true
            options.add(value)
        case .upgrade: hasUpgrade = true
        case .expect:
            guard value.isWord(.continue) else { throw .expectation }
            expectsContinue = true
        case .trailer: announcesTrailers = true
        case .te: acceptsTrailers = acceptsTrailers || value.isWord(.trailers)
        default: try addRouting(name, value)
        }
    }

    private mutating func addRouting(_ name: FieldName, _ value: String) throws(RequestFault) {
        switch name {
        case .pinnedDeployment:
            guard pinnedDeployment == nil || pinnedDeployment == value else { throw .repeatedField }
            pinnedDeployment = value
        case .tenant:
            guard tenant == nil || tenant == value else { throw .repeatedField }
            tenant = value
        case .requestID:
            if requestID == nil, value.isRequestID { requestID = value }
        default: break
        }
    }

    private mutating func addCrossOrigin(_ name: FieldName, _ text: String, _ value: String) throws(RequestFault) {
        kept.append((text, value))
        guard name == .accessControlFamily else {
            guard origin == nil || origin == value else { throw .repeatedField }
            origin = value
            return
        }
        switch text.lowercased() {
        case "access-control-request-method": preflightMethod = value
        case "access-control-request-headers":
            preflightHeaders += value.split(separator: ",").map { String($0).withoutOuterSpace }
                .filter { $0.withBytes { FieldNameReading($0).isToken } }
        default: break
        }
    }

    /// HTTP/2 clients may send a cookie in crumbs; towards HTTP/1 they are one header (RFC 9113 8.2.3).
    private mutating func addCookie(_ name: String, _ value: String) {
        guard let cookie else {
            cookie = kept.count
            kept.append((name, value))
            return
        }
        kept[cookie].1 += "; " + value
    }
}

extension FieldToken {
    fileprivate static let `continue` = FieldToken("100-continue")
    fileprivate static let trailers = FieldToken("trailers")
}
