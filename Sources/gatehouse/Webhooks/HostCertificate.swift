import Foundation
import GatewayCore
import GatewayTLS

/// Until when the certificate of a host is good.
struct HostCertificate: Sendable, Equatable {
    /// A name or a `*.` pattern, in lower case.
    var host: String
    /// Seconds since 1970.
    var notAfter: Int64
    /// Whether it is the gateway's own, from the configuration file, which concerns every tenant.
    var isShared: Bool

    /// The tenants that are told: those with an endpoint on the host, or all.
    func tenants(of definitions: Definitions) -> [String] {
        if isShared { return definitions.tenants.map(\.name) }
        let owners = definitions.endpoints.filter { $0.hosts.contains(where: covers) }.map(\.tenant)
        return Array(Set(owners)).sorted()
    }

    private func covers(_ name: String) -> Bool {
        guard host.hasPrefix("*.") else { return host == name }
        return name.split(separator: ".", maxSplits: 1).last.map { "*.\($0)" == host } ?? false
    }
}

extension Expiry {
    static func certificates(
        _ certificates: [HostCertificate],
        of definitions: Definitions,
        before end: Int64
    ) -> [Expiry] {
        certificates.filter { $0.notAfter < end }.flatMap { certificate in
            certificate.tenants(of: definitions).map { tenant in
                Expiry(
                    kind: .certificate,
                    tenant: tenant,
                    name: certificate.host,
                    expiresAt: certificate.notAfter
                )
            }
        }
    }
}

extension CertificateStore {
    /// Every host of the certificates in use.
    ///
    /// - Parameter configured: the pairs of the configuration file.
    func hostCertificates(configured: [CertificateFiles]) -> [HostCertificate] {
        let shared = Set(configured.map(\.certificate))
        return certificates.flatMap { summary in
            summary.hosts.map { host in
                HostCertificate(
                    host: host,
                    notAfter: Int64(summary.notAfter.timeIntervalSince1970),
                    isShared: shared.contains(summary.file)
                )
            }
        }
    }
}
