import COpenSSL

/// What the handshake agreed on.
struct TLSFacts: Sendable {
    var serverName: String?
    var applicationProtocol: String?
    var version: TLSVersion?
    var isResumed = false
}

extension TLSEngine {
    var facts: TLSFacts {
        var facts = TLSFacts()
        unsafe configure { connection in
            if let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name) {
                facts.serverName = unsafe String(cString: name)
            }
            facts.applicationProtocol = unsafe selectedProtocol(connection)
            facts.version = unsafe TLSVersion(rawValue: String(cString: SSL_get_version(connection)))
            facts.isResumed = unsafe SSL_session_reused(connection) == 1
        }
        return facts
    }

    private func selectedProtocol(_ connection: OpaquePointer) -> String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &name, &length)
        guard let name = unsafe name, length > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }
}
