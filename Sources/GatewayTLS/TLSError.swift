// GatewayTLS owns OpenSSL: TLS as a NIO handler, certificates, their choice by host name and their reload. It is the
// only module that imports COpenSSL, and it must not know HTTP, tenants or configuration files.

/// What went wrong with TLS; never holds key material.
package enum TLSError: Error, Hashable, Sendable {
    /// A certificate or its key cannot be used.
    case certificate(CertificateProblem)
    /// The certificates that a client should trust cannot be read.
    case trust(String)
    /// A host name that cannot be verified or be put into a certificate.
    case invalidHost(String)
    /// The handshake ended without a connection.
    case handshakeFailed(String)
    /// The handshake was not complete in time.
    case handshakeTimedOut
    /// The peer broke the protocol after the handshake.
    case protocolViolation(String)
    /// The connection ended without `close_notify`: what was received may be cut.
    case truncated
    /// The local authority could not make or keep its files.
    case authority(String)
    /// OpenSSL refused a setting or had no memory.
    case library(String)
}

/// A certificate file that was refused, and why.
package struct CertificateProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let reason: String

    package init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    package var description: String { "\(file): \(reason)" }
}
