import COpenSSL

/// PEM text that is being read; reasons are plain enough for a log line and never hold key material.
///
/// Safe because the BIO is private and has one owner.
@safe
struct PEM: ~Copyable {
    /// Why PEM text was refused.
    struct Unreadable: Error {
        let reason: String
    }

    private let source: OpaquePointer

    init(file: String) throws(Unreadable) {
        ErrorQueue.clear()
        guard let source = unsafe BIO_new_file(file, "r") else {
            throw Unreadable(reason: "cannot be opened: \(ErrorQueue.takeReason())")
        }
        unsafe self.source = source
    }

    init(text: String) throws(Unreadable) {
        ErrorQueue.clear()
        guard let source = unsafe BIO_new(BIO_s_mem()) else { throw Unreadable(reason: "no memory") }
        unsafe self.source = source
        var written = 0
        _ = unsafe text.utf8CString.withUnsafeBytes { bytes in
            unsafe BIO_write_ex(source, bytes.baseAddress, bytes.count - 1, &written)
        }
    }

    deinit { unsafe BIO_free(source) }

    /// All certificates, in order; at least one.
    borrowing func certificates() throws(Unreadable) -> [Certificate] {
        var certificates: [Certificate] = []
        while let next = unsafe PEM_read_bio_X509(source, nil, refusePassword, nil) {
            certificates.append(unsafe Certificate(adopting: next))
        }
        let code = ERR_peek_last_error()
        let isEnd = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
        guard isEnd else { throw Unreadable(reason: "is not a PEM certificate: \(ErrorQueue.takeReason())") }
        ErrorQueue.clear()
        guard !certificates.isEmpty else { throw Unreadable(reason: "holds no PEM certificate") }
        return certificates
    }

    borrowing func privateKey() throws(Unreadable) -> PrivateKey {
        guard let key = unsafe PEM_read_bio_PrivateKey(source, nil, refusePassword, nil) else {
            throw Unreadable(reason: "is not a PEM private key without password: \(ErrorQueue.takeReason())")
        }
        return unsafe PrivateKey(adopting: key)
    }
}

/// Without this OpenSSL would ask for the password on the terminal and block.
private func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int32,
    _ writing: Int32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    -1
}
