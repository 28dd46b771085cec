import COpenSSL
package import NIOCore

/// Whose signatures a client believes.
package enum Trust: Sendable, Hashable {
    /// The certificates of the operating system.
    case system
    /// A PEM file.
    case file(String)
    /// PEM text.
    case pem(String)
}

/// Makes the handlers of outgoing connections: verifies chain and host name, resumes sessions.
package final class TLSClient: Sendable {
    private let context: TLSContext
    private let sessions = ClientSessions()
    private let handshakeTimeout: TimeAmount

    package convenience init(trust: Trust, applicationProtocols: [String] = []) throws(TLSError) {
        try self.init(trust: trust, applicationProtocols: applicationProtocols, newest: .tls13)
    }

    package init(
        trust: Trust,
        applicationProtocols: [String],
        newest: TLSVersion,
        handshakeTimeout: TimeAmount = .seconds(10)
    ) throws(TLSError) {
        self.handshakeTimeout = handshakeTimeout
        context = try TLSContext(role: .client)
        try context.limit(to: newest)
        let pointer = unsafe context.pointer
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        unsafe copenssl_ctx_set_session_cache(
            pointer,
            Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE),
            1
        )
        unsafe SSL_CTX_sess_set_new_cb(pointer, keepSession)
        let wire = ApplicationProtocols(applicationProtocols).wire
        if !wire.isEmpty { unsafe SSL_CTX_set_alpn_protos(pointer, wire, UInt32(wire.count)) }
        try believe(trust)
    }

    /// A handler for one connection to `host`, a DNS name or an IP address, which the peer's certificate must carry.
    ///
    /// `serverName` is what is asked for by SNI; without one a DNS `host` is.
    package func makeHandler(host: String, serverName: String? = nil) throws(TLSError) -> TLSHandler {
        guard !host.isEmpty, !host.utf8.contains(0) else { throw .invalidHost(host) }
        let slot = ClientSessions.Slot(host: host, sessions: sessions)
        let engine = try TLSEngine(context, role: .client, owner: self, sessions: slot)
        try unsafe engine.configure { (connection) throws(TLSError) in
            let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host) == 1
            ErrorQueue.clear()
            if !isAddress { try unsafe expectName(host, connection) }
            let asked = serverName ?? (isAddress ? nil : host)
            if let asked, unsafe copenssl_set_server_name(connection, asked) != 1 { throw .invalidHost(asked) }
            unsafe sessions.resume(connection, host: host)
        }
        return TLSHandler(engine: engine, handshakeTimeout: handshakeTimeout)
    }

    private func expectName(_ host: String, _ connection: OpaquePointer) throws(TLSError) {
        unsafe SSL_set_hostflags(connection, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard unsafe SSL_set1_host(connection, host) == 1 else { throw .invalidHost(host) }
    }

    private func believe(_ trust: Trust) throws(TLSError) {
        ErrorQueue.clear()
        switch trust {
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
                throw .trust("system certificates: \(ErrorQueue.takeReason())")
            }
        case .file(let path):
            guard unsafe SSL_CTX_load_verify_file(context.pointer, path) == 1 else {
                throw .trust("\(path): \(ErrorQueue.takeReason())")
            }
        case .pem(let text):
            try believe(pem: text)
        }
    }

    private func believe(pem text: String) throws(TLSError) {
        let certificates: [Certificate]
        do {
            certificates = try PEM(text: text).certificates()
        } catch {
            throw .trust(error.reason)
        }
        let store = unsafe SSL_CTX_get_cert_store(context.pointer)
        for certificate in certificates {
            guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                throw .trust(ErrorQueue.takeReason())
            }
        }
    }
}

/// Returning 1 tells OpenSSL that its reference to the session is ours now.
private func keepSession(_ connection: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let slot = unsafe TLSEngine.engine(of: connection)?.sessions, let session = unsafe session else { return 0 }
    unsafe slot.sessions.keep(session, for: slot.host)
    return 1
}
