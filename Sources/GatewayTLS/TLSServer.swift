import COpenSSL
package import NIOCore

/// Makes the handlers of accepted connections: certificates by host name, tickets, ALPN in the server's order.
///
/// One OpenSSL context lives as long as the server, and each handshake asks the store for its certificate, so a reload
/// neither loses sessions nor touches running connections.
package final class TLSServer: Sendable {
    private static let cachedSessions = 10_000

    package let certificates: CertificateStore
    package let handshakes = HandshakeCounts()
    let applicationProtocols: ApplicationProtocols
    let ticketKeys: TicketKeys
    private let handshakeTimeout: TimeAmount
    private let context: TLSContext

    package init(
        certificates: CertificateStore,
        applicationProtocols: [String],
        handshakeTimeout: TimeAmount = .seconds(10)
    ) throws(TLSError) {
        self.certificates = certificates
        self.applicationProtocols = ApplicationProtocols(applicationProtocols)
        self.handshakeTimeout = handshakeTimeout
        ticketKeys = try TicketKeys()
        context = try TLSContext(role: .server)
        setUpContext()
    }

    /// A handler for one connection; it fails on its channel, not here, when OpenSSL has no memory for it.
    package func makeHandler() -> TLSHandler {
        TLSHandler(
            engine: try? TLSEngine(context, role: .server, owner: self),
            handshakeTimeout: handshakeTimeout,
            handshakes: handshakes
        )
    }

    static func owner(of connection: OpaquePointer?) -> TLSServer? {
        guard let pointer = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), 0) else { return nil }
        return unsafe Unmanaged<TLSServer>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func setUpContext() {
        let pointer = unsafe context.pointer
        unsafe SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_CTX_set_cert_cb(pointer, chooseCertificate, nil)
        unsafe SSL_CTX_set_alpn_select_cb(pointer, chooseProtocol, nil)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, chooseTicketKey)
        unsafe SSL_CTX_set_info_callback(pointer, noticeAlert)
        unsafe copenssl_ctx_set_server_name_callback(pointer, acceptServerName)
        unsafe copenssl_ctx_set_session_cache(pointer, Int(SSL_SESS_CACHE_SERVER), Self.cachedSessions)
        let name = Array("gatehouse".utf8)
        unsafe SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
    }
}

/// Accepting the name binds the session to it, so that a session is resumed only for the host that it was made for.
private func acceptServerName(
    _ connection: OpaquePointer?,
    _ alert: UnsafeMutablePointer<Int32>?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    SSL_TLSEXT_ERR_OK
}

private func noticeAlert(_ connection: OpaquePointer?, _ place: Int32, _ value: Int32) {
    guard place == SSL_CB_WRITE_ALERT, value & 0xff == SSL_AD_NO_RENEGOTIATION else { return }
    unsafe TLSEngine.engine(of: connection)?.isRenegotiationRefused = true
}

private func chooseCertificate(_ connection: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard let server = unsafe TLSServer.owner(of: connection), let connection = unsafe connection else { return 0 }
    var host: String?
    if let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name) {
        host = unsafe String(cString: name)
    }
    return unsafe server.certificates.pair(for: host).install(on: connection) ? 1 : 0
}

private func chooseProtocol(
    _ connection: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let ours = unsafe TLSServer.owner(of: connection)?.applicationProtocols.names, !ours.isEmpty else {
        return SSL_TLSEXT_ERR_NOACK
    }
    let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    for name in ours {
        var start = 1
        while start <= offers.count, let length = unsafe Int(exactly: offers[start - 1]), start + length <= offers.count
        {
            if unsafe offers[start..<start + length].elementsEqual(name) {
                // The answer must outlive this call, so it points into the client's list.
                unsafe chosen?.pointee = offered?.advanced(by: start)
                unsafe chosenLength?.pointee = UInt8(length)
                return SSL_TLSEXT_ERR_OK
            }
            start += length + 1
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
