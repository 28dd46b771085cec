import COpenSSL

/// One OpenSSL configuration, with the settings that every connection has: Mozilla's intermediate guideline 5.7.
///
/// Safe because the context has one owner and is set up before any other thread can see it.
@safe
struct TLSContext: ~Copyable, Sendable {
    private static let suites12 = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ]
    private static let suites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let groups = "X25519:P-256:P-384"

    private let address: SharedAddress
    var pointer: OpaquePointer? { unsafe address.pointer }

    init(role: TLSRole) throws(TLSError) {
        ErrorQueue.clear()
        let method = unsafe role == .server ? TLS_server_method() : TLS_client_method()
        guard let pointer = unsafe SSL_CTX_new(method) else { throw .library(ErrorQueue.takeReason()) }
        guard unsafe Self.harden(pointer) else {
            unsafe SSL_CTX_free(pointer)
            throw .library(ErrorQueue.takeReason())
        }
        address = unsafe SharedAddress(pointer)
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    private static func harden(_ pointer: OpaquePointer) -> Bool {
        unsafe SSL_CTX_set_options(pointer, copenssl_op_no_compression | copenssl_op_no_renegotiation)
        // OpenSSL's two 17 KiB buffers would otherwise stay with every idle connection (SECURITY T-3).
        unsafe copenssl_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        return unsafe copenssl_ctx_set_min_version(pointer, TLS1_2_VERSION) == 1
            && SSL_CTX_set_cipher_list(pointer, suites12.joined(separator: ":")) == 1
            && SSL_CTX_set_ciphersuites(pointer, suites13) == 1
            && copenssl_ctx_set_groups(pointer, groups) == 1
    }

    /// The newest version that is offered; tests use it to reach TLS 1.2.
    func limit(to version: TLSVersion) throws(TLSError) {
        let number = version == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION
        guard unsafe copenssl_ctx_set_max_version(pointer, number) == 1 else {
            throw .library(ErrorQueue.takeReason())
        }
    }
}

/// Which side of the handshake a connection takes.
enum TLSRole: Sendable {
    case server
    case client
}

/// The protocol versions that are spoken.
package enum TLSVersion: String, Sendable {
    case tls12 = "TLSv1.2"
    case tls13 = "TLSv1.3"
}

/// The protocols that ALPN may agree on, best first; on the wire each has its length in front.
struct ApplicationProtocols: Sendable {
    let names: [[UInt8]]
    var wire: [UInt8] { names.flatMap { name in [UInt8(clamping: name.count)] + name } }

    init(_ names: [String]) {
        self.names = names.map { name in Array(name.utf8.prefix(Int(UInt8.max))) }
    }
}
