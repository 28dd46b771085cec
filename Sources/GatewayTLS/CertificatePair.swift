import COpenSSL

/// A certificate chain and the key that matches it, ready for handshakes.
///
/// Safe because the chain's stack belongs to this value alone and is not changed after it was made.
@safe
final class CertificatePair: Sendable {
    let files: CertificateFiles
    let hosts: [String]
    private let chain: [Certificate]
    private let key: PrivateKey
    private let intermediates: SharedAddress

    convenience init(files: CertificateFiles) throws(TLSError) {
        let chain = try Self.read(files.certificate) { (pem) throws(PEM.Unreadable) in try pem.certificates() }
        let key = try Self.read(files.key) { (pem) throws(PEM.Unreadable) in try pem.privateKey() }
        try self.init(files: files, chain: chain, key: key)
        try check()
    }

    private init(files: CertificateFiles, chain: [Certificate], key: PrivateKey) throws(TLSError) {
        self.files = files
        self.chain = chain
        self.key = key
        hosts = files.hosts.isEmpty ? chain[0].names : files.hosts
        guard let stack = unsafe OPENSSL_sk_new_null() else { throw .library("no memory") }
        intermediates = unsafe SharedAddress(stack)
        for certificate in chain.dropFirst() {
            unsafe OPENSSL_sk_push(stack, UnsafeRawPointer(certificate.pointer))
        }
    }

    deinit { unsafe OPENSSL_sk_free(intermediates.pointer) }

    var summary: CertificateSummary {
        let leaf = chain[0]
        return CertificateSummary(
            file: files.certificate,
            hosts: hosts,
            subject: leaf.subject,
            issuer: leaf.issuer,
            notBefore: leaf.notBefore,
            notAfter: leaf.notAfter,
            fingerprint: leaf.fingerprint,
            isDefault: false
        )
    }

    /// Makes a connection that is in its handshake use this pair.
    func install(on connection: OpaquePointer) -> Bool {
        unsafe SSL_use_cert_and_key(connection, chain[0].pointer, key.pointer, intermediates.pointer, 1) == 1
    }

    /// Refuses here what would otherwise fail in every handshake.
    private func check() throws(TLSError) {
        ErrorQueue.clear()
        guard unsafe X509_check_private_key(chain[0].pointer, key.pointer) == 1 else {
            ErrorQueue.clear()
            let reason = "the key in \(files.key) does not belong to this certificate"
            throw .certificate(CertificateProblem(file: files.certificate, reason: reason))
        }
        let trial = try TLSContext(role: .server)
        let isUsable = unsafe SSL_CTX_use_cert_and_key(
            trial.pointer,
            chain[0].pointer,
            key.pointer,
            intermediates.pointer,
            1
        )
        guard isUsable == 1 else {
            throw .certificate(CertificateProblem(file: files.certificate, reason: ErrorQueue.takeReason()))
        }
    }

    private static func read<Value>(
        _ file: String,
        _ body: (borrowing PEM) throws(PEM.Unreadable) -> Value
    ) throws(TLSError) -> Value {
        do {
            let pem = try PEM(file: file)
            return try body(pem)
        } catch {
            throw .certificate(CertificateProblem(file: file, reason: error.reason))
        }
    }
}
