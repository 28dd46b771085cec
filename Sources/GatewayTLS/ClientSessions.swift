import COpenSSL
import Synchronization

/// The sessions that a client may resume, one per host; those of TLS 1.3 are used once (RFC 8446, appendix C.4).
final class ClientSessions: Sendable {
    /// One host's place among the sessions.
    struct Slot: Sendable {
        let host: String
        let sessions: ClientSessions
    }

    /// Owns one reference to an OpenSSL session.
    private final class Session: Sendable {
        let address: SharedAddress

        init(adopting pointer: OpaquePointer) { address = unsafe SharedAddress(pointer) }
        deinit { unsafe SSL_SESSION_free(address.pointer) }
    }

    private static let limit = 256
    private let byHost = Mutex<[String: Session]>([:])

    /// Takes over the caller's reference.
    func keep(_ session: OpaquePointer, for host: String) {
        let session = unsafe Session(adopting: session)
        byHost.withLock { byHost in
            if byHost.count >= Self.limit, byHost[host] == nil { byHost.removeAll() }
            byHost[host] = session
        }
    }

    /// Gives a connection the session of its host, if there is one.
    func resume(_ connection: OpaquePointer, host: String) {
        guard let session = byHost.withLock({ $0.removeValue(forKey: host) }) else { return }
        unsafe SSL_set_session(connection, session.address.pointer)
        guard unsafe SSL_SESSION_get_protocol_version(session.address.pointer) < TLS1_3_VERSION else { return }
        byHost.withLock { $0[host] = session }
    }
}
