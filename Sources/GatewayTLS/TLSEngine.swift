import COpenSSL
import NIOCore

/// One connection's OpenSSL state between ciphertext and plaintext; knows neither channels nor time.
///
/// Safe because the pointer is private, never escapes and has one owner, and because OpenSSL calls back into the engine
/// (`TLSEngine+Transport.swift`) only while the engine itself is calling OpenSSL.
@safe
final class TLSEngine {
    /// What a step of the handshake came to.
    enum Progress {
        case waiting
        case complete
        case failed(TLSError)
    }

    /// What decryption found.
    enum Decrypted {
        case bytes(ByteBuffer)
        case waiting
        case closeNotify
        case failed(TLSError)
    }

    /// Buffers up to this size stay with an idle connection and are used again, which saves two allocations each way.
    private static let keptCapacity = 4_096
    /// What a record adds to its payload at most: header, explicit nonce and tag, or TLS 1.3's type byte and tag.
    private static let recordOverhead = 29

    /// Ciphertext that OpenSSL has not taken yet.
    var received = ByteBuffer()
    /// Ciphertext that OpenSSL made.
    var produced = ByteBuffer()
    let sessions: ClientSessions.Slot?

    private let connection: OpaquePointer
    /// Keeps alive what OpenSSL's callbacks refer to.
    private let owner: any AnyObject & Sendable
    private let role: TLSRole
    private var plaintext = ByteBuffer()
    /// OpenSSL only warns a client that asks for renegotiation; we end the connection, as each try costs us an answer.
    var isRenegotiationRefused = false
    private var ending: Decrypted?
    private var isProducedTaken = false

    init(
        _ context: borrowing TLSContext,
        role: TLSRole,
        owner: any AnyObject & Sendable,
        sessions: ClientSessions.Slot? = nil
    ) throws(TLSError) {
        guard let connection = unsafe SSL_new(context.pointer) else { throw .library(ErrorQueue.takeReason()) }
        unsafe self.connection = connection
        self.role = role
        self.owner = owner
        self.sessions = sessions
        guard let transport = unsafe TransportMethod.makeTransport(for: self) else {
            throw .library(ErrorQueue.takeReason())
        }
        unsafe SSL_set_bio(connection, transport, transport)
        unsafe SSL_set_ex_data(connection, 0, Unmanaged.passUnretained(self).toOpaque())
        switch role {
        case .server: unsafe SSL_set_accept_state(connection)
        case .client: unsafe SSL_set_connect_state(connection)
        }
    }

    deinit {
        // OpenSSL forgets the session of a connection that ended without `close_notify`; many clients end that way and
        // come back to resume. After a failure OpenSSL has already forgotten it.
        unsafe SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(connection)
    }

    static func engine(of connection: OpaquePointer?) -> TLSEngine? {
        guard let pointer = unsafe SSL_get_ex_data(connection, 0) else { return nil }
        return unsafe Unmanaged<TLSEngine>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Lends the connection for settings that only one role needs.
    func configure<Failure: Error>(_ body: (OpaquePointer) throws(Failure) -> Void) throws(Failure) {
        try unsafe body(connection)
    }

    func receive(_ ciphertext: ByteBuffer) {
        if received.readableBytes == 0 {
            received = ciphertext
        } else {
            received.writeImmutableBuffer(ciphertext)
        }
    }

    func handshake() -> Progress {
        ErrorQueue.clear()
        let result = unsafe SSL_do_handshake(connection)
        if result == 1 { return .complete }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .waiting
        default: return .failed(.handshakeFailed(failureReason()))
        }
    }

    /// All plaintext that the received bytes give, in one buffer where it fits.
    ///
    /// Call again until it says something else.
    func decrypt() -> Decrypted {
        if let ending { return ending }
        let pending = Int(unsafe SSL_pending(connection))
        guard received.readableBytes > 0 || pending > 0 else {
            received = ByteBuffer()
            return .waiting
        }
        plaintext.clear(minimumCapacity: max(received.readableBytes, pending))
        ErrorQueue.clear()
        ending = fillPlaintext()
        guard plaintext.readableBytes > 0 else {
            // The channel's allocator uses its buffer again only when nobody else holds it.
            received = ByteBuffer()
            return ending ?? .waiting
        }
        let result = plaintext
        if plaintext.capacity > Self.keptCapacity { plaintext = ByteBuffer() }
        return .bytes(result)
    }

    /// Encrypts into `produced`; call only after the handshake.
    func encrypt(_ bytes: ByteBuffer) throws(TLSError) {
        let records = bytes.readableBytes / PlaintextQueue.recordSize + 1
        prepareProduced(for: bytes.readableBytes + records * Self.recordOverhead)
        ErrorQueue.clear()
        var written = 0
        let isWritten = unsafe bytes.withUnsafeReadableBytes { source in
            unsafe SSL_write_ex(connection, source.baseAddress, source.count, &written) == 1
        }
        guard isWritten else { throw .protocolViolation(failureReason()) }
    }

    /// The ciphertext made since the last call.
    func takeProduced() -> ByteBuffer? {
        guard !isProducedTaken, produced.readableBytes > 0 else { return nil }
        isProducedTaken = true
        let taken = produced
        if produced.capacity > Self.keptCapacity {
            produced = ByteBuffer()
            isProducedTaken = false
        }
        return taken
    }

    /// Makes room in `produced`, which may still hold what was taken.
    func prepareProduced(for byteCount: Int) {
        guard isProducedTaken else { return produced.reserveCapacity(minimumWritableBytes: byteCount) }
        isProducedTaken = false
        produced.clear(minimumCapacity: byteCount)
    }

    /// Puts `close_notify` into `produced`, once.
    func shutDown() {
        ErrorQueue.clear()
        // During a handshake OpenSSL refuses, and there is nothing to end.
        _ = unsafe SSL_shutdown(connection)
        ErrorQueue.clear()
    }

    private func fillPlaintext() -> Decrypted? {
        while plaintext.writableBytes > 0 {
            var count = 0
            let isRead = unsafe plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { space in
                let result = unsafe SSL_read_ex(connection, space.baseAddress, space.count, &count)
                return result == 1 ? count : 0
            }
            if isRead == 0 { return readEnding() }
            if received.readableBytes == 0, unsafe SSL_pending(connection) == 0 { return nil }
        }
        return nil
    }

    private func readEnding() -> Decrypted? {
        switch unsafe SSL_get_error(connection, 0) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            isRenegotiationRefused ? .failed(.protocolViolation("the client asked for renegotiation")) : nil
        case SSL_ERROR_ZERO_RETURN: .closeNotify
        default: .failed(.protocolViolation(failureReason()))
        }
    }

    private func failureReason() -> String {
        let verification = unsafe SSL_get_verify_result(connection)
        guard role == .client, verification != Int(X509_V_OK) else { return ErrorQueue.takeReason() }
        ErrorQueue.clear()
        return unsafe String(cString: X509_verify_cert_error_string(verification))
    }
}
