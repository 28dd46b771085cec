import NIOHTTP1

/// The rules that every request head has to keep, whichever protocol it came over.
///
/// Over HTTP/1 they stand behind `BytesGuard` and the decoder, over HTTP/2 behind `StreamGuard` and NIO's codec. Pure: one
/// pass over the headers, and the verdict.
enum RequestRules {
    /// The numbers of SECURITY H1-10; HTTP/1 meets them in `HTTP1Guard` first.
    enum Bounds {
        static let target = 16 * 1024
        /// Of the client's; NIO's codec adds up to two (host and framing).
        static let fields = 200
    }

    static func check(_ head: HTTPRequestHead, over version: HTTPVersionKind) throws(RequestFault) -> CheckedRequest {
        try checkVersion(head.version, over: version)
        try checkMethod(head.method)
        guard head.uri.utf8.count <= Bounds.target else { throw .targetTooLong }
        guard head.headers.count <= Bounds.fields + 2 else { throw .tooManyFields }
        let target = try RequestTarget(head.uri, over: version)
        let isHTTP10 = version == .http1 && head.version.minor == 0
        var fields = RequestFields(capacity: head.headers.count)
        for (name, value) in head.headers { try fields.add(name, value) }
        let authority = try authority(target, fields, isHTTP10)
        let host = authority.isEmpty ? "" : try HostName(authority: authority).name
        let body = try fields.body(isHTTP10: isHTTP10)
        return CheckedRequest(
            method: head.method,
            path: target.path,
            query: target.query,
            host: host,
            authority: authority,
            body: body,
            expectsContinue: fields.expectsContinue && !isHTTP10,
            credentials: fields.credentials,
            pinnedDeployment: fields.pinnedDeployment,
            tenant: fields.tenant,
            requestID: fields.requestID,
            contentType: fields.contentType,
            origin: fields.origin,
            preflight: fields.preflight(head.method),
            isUpgrade: fields.hasUpgrade && fields.hasConnection,
            connectionOptions: fields.options.names,
            acceptsKeepAlive: fields.options.acceptsKeepAlive(isHTTP10: isHTTP10),
            acceptsTrailers: fields.acceptsTrailers && !isHTTP10,
            announcesTrailers: fields.announcesTrailers,
            forwardable: fields.forwardable()
        )
    }

    private static func checkVersion(_ version: HTTPVersion, over kind: HTTPVersionKind) throws(RequestFault) {
        let isSpoken =
            switch kind {
            case .http1: version.major == 1 && (version.minor == 0 || version.minor == 1)
            case .http2: version.major == 2
            }
        guard isSpoken else { throw .version }
    }

    private static func checkMethod(_ method: HTTPMethod) throws(RequestFault) {
        switch method {
        case .CONNECT: throw .connect
        case .TRACE: throw .trace
        // NIO writes M-SEARCH without its hyphen: the upstream would be asked something else.
        case .MSEARCH: throw .method
        // HTTP/2 carries any text here; what the HTTP/1 parser does not know is refused on both.
        case .RAW(let value):
            guard value == "QUERY" else { throw .method }
        default: break
        }
    }

    /// The authority that routes: that of an absolute form, else the one Host; only HTTP/1.0 may do without.
    private static func authority(
        _ target: RequestTarget,
        _ fields: RequestFields,
        _ isHTTP10: Bool
    ) throws(RequestFault) -> String {
        guard fields.hostCount == 1 || (isHTTP10 && fields.hostCount == 0) else { throw .hostCount }
        if fields.hostCount == 1, target.authority != nil { _ = try HostName(authority: fields.host) }
        if let authority = target.authority { return authority }
        guard fields.hostCount == 0 || !fields.host.isEmpty else { throw .host }
        return fields.host
    }
}
