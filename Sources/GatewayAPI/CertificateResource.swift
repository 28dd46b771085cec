/// Asks that a host name be served with a certificate; both are PEM files on the gateway's machine.
package struct CertificateRequest: Codable, Sendable, Equatable {
    package var host: String
    package var certificate: String
    package var key: String

    package init(host: String, certificate: String, key: String) {
        self.host = host
        self.certificate = certificate
        self.key = key
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case host
        case certificate
        case key
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            host: try members.decode(String.self, forKey: .host),
            certificate: try members.decode(String.self, forKey: .certificate),
            key: try members.decode(String.self, forKey: .key)
        )
    }
}

/// A certificate that the gateway serves now.
package struct CertificateResource: Codable, Sendable, Equatable {
    package var hosts: [String]
    package var certificate: String
    package var subject: String
    package var issuer: String
    /// ISO 8601, UTC.
    package var notBefore: String
    /// ISO 8601, UTC.
    package var notAfter: String
    package var daysLeft: Int
    package var fingerprint: String
    package var isDefault: Bool

    package init(
        hosts: [String],
        certificate: String,
        subject: String,
        issuer: String,
        notBefore: String,
        notAfter: String,
        daysLeft: Int,
        fingerprint: String,
        isDefault: Bool
    ) {
        self.hosts = hosts
        self.certificate = certificate
        self.subject = subject
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.daysLeft = daysLeft
        self.fingerprint = fingerprint
        self.isDefault = isDefault
    }
}
