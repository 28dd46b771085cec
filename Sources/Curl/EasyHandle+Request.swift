import CCurl

extension EasyHandle {
    /// Sets all that follows from the request; callbacks are set by the transfer.
    mutating func configure(_ request: CurlRequest) throws {
        try setConduct()
        try setTarget(request)
        try setAuthority(request.authority)
        try setMethod(request)
        try setHeaders(request.headerLines())
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout)
        if request.isConnectOnly { try set(CURLOPT_CONNECT_ONLY, true) }
        if request.isFresh { try set(CURLOPT_FRESH_CONNECT, true) }
        if request.closesConnection { try set(CURLOPT_FORBID_REUSE, true) }
        if let timeout = request.timeout { try set(CURLOPT_TIMEOUT_MS, timeout) }
    }

    /// What holds for every request: bytes and paths pass untouched, nothing is followed, remembered or guessed.
    private func setConduct() throws(OptionProblem) {
        try set(CURLOPT_NOSIGNAL, true)
        try set(CURLOPT_FOLLOWLOCATION, false)
        try set(CURLOPT_PATH_AS_IS, true)
        try set(CURLOPT_HTTP_CONTENT_DECODING, false)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        // The request's headers are for the origin: a proxy on the way must not see its credentials,
        // and the proxy's own answer to CONNECT is no part of the response.
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        try set(CURLOPT_BUFFERSIZE, 64 * 1024)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 64 * 1024)
    }

    private func setTarget(_ request: CurlRequest) throws(OptionProblem) {
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_HTTP_VERSION, Int(request.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
        if !request.allowsProxy || request.unixSocketPath != nil { try set(CURLOPT_PROXY, "") }
        guard let path = request.unixSocketPath else { return }
        try set(CURLOPT_UNIX_SOCKET_PATH, path)
    }

    private func setAuthority(_ authority: CurlRequest.CertificateAuthority) throws(OptionProblem) {
        try set(CURLOPT_SSL_VERIFYPEER, true)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // The directory of system certificates would be trusted beside an own CA, and keeps libcurl from caching the
        // parsed bundle between connections.
        try set(CURLOPT_CAPATH, nil)
        switch authority {
        case .system: break
        case .file(let path): try set(CURLOPT_CAINFO, path)
        case .bytes(let bytes):
            try set(CURLOPT_CAINFO, nil)
            try set(CURLOPT_CAINFO_BLOB, bytes: bytes)
        }
        // A replaced CA file counts for new connections within a minute; libcurl's default is a day.
        try set(CURLOPT_CA_CACHE_TIMEOUT, authority == .system ? 3600 : 60)
    }

    private func setMethod(_ request: CurlRequest) throws {
        let method = try request.checkedMethod()
        switch request.uploadLength {
        case .none:
            try set(method == "HEAD" ? CURLOPT_NOBODY : CURLOPT_HTTPGET, true)
        case .known(let length):
            try set(CURLOPT_UPLOAD, true)
            try set(CURLOPT_INFILESIZE_LARGE, offset: length)
        case .unknown:
            try set(CURLOPT_UPLOAD, true)
        }
        try set(CURLOPT_CUSTOMREQUEST, method)
    }
}
