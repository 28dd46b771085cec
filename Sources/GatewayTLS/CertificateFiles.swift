package import Foundation

/// A certificate and its key on disk, and the hosts that they are for.
package struct CertificateFiles: Sendable, Hashable {
    package let certificate: String
    package let key: String
    /// Host names and `*.` patterns; empty means the names in the certificate.
    package let hosts: [String]

    package init(certificate: String, key: String, hosts: [String] = []) {
        self.certificate = certificate
        self.key = key
        self.hosts = hosts.map { $0.lowercased() }
    }
}

/// What a person wants to know about a certificate in use.
package struct CertificateSummary: Sendable, Hashable {
    /// Unique among those of a store: several hosts may share one certificate.
    package var id: String { "\(fingerprint)/\(hosts.joined(separator: ","))" }
    package let file: String
    package let hosts: [String]
    package let subject: String
    package let issuer: String
    package let notBefore: Date
    package let notAfter: Date
    /// SHA-256 in lower-case hexadecimal digits.
    package let fingerprint: String
    /// Whether clients that ask for no name, or for an unknown one, get this certificate.
    package var isDefault: Bool

    package func isExpiring(at now: Date, within interval: TimeInterval = 30 * 86_400) -> Bool {
        notAfter.timeIntervalSince(now) < interval
    }
}
