import Foundation
import GatewayAPI
package import GatewayStore
package import GatewayTLS
import Hummingbird

/// What `/api/v1/certificates` answers.
struct CertificateRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(controlPlane.certificates.certificates, request, key: \.id)
            .answer { CertificateResource($0, now: Date()) }
    }

    /// Checked before it is stored: a pair that cannot be served never reaches the listener.
    @Sendable func add(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(CertificateRequest.self, from: request)
        let host = asked.host.lowercased()
        let stored = StoredCertificate(host: host, certificate: asked.certificate, key: asked.key)
        let summary: CertificateSummary
        do throws(TLSError) {
            let named = try CertificateStore.check(CertificateFiles(certificate: asked.certificate, key: asked.key))
            guard named.hosts.contains(where: { Self.covers($0, host) }) else {
                let names = named.hosts.joined(separator: ", ")
                throw TLSError.invalidHost("the certificate is for \(names), not for \(host); give one that names it")
            }
            summary = try CertificateStore.check(stored.files)
        } catch {
            throw APIError(error)
        }
        let outcome = try await controlPlane.store.addCertificate(stored)
        // Served before it is answered for.
        controlPlane.certificates.reload()
        return .json(CertificateResource(summary, now: Date()), status: outcome.status)
    }

    @Sendable func remove(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let host = try context.name("host").lowercased()
        try await controlPlane.store.removeCertificate(host: host)
        controlPlane.certificates.reload()
        return .noContent
    }

    /// Whether a name in a certificate, `*.example.org` included, is this host's (RFC 6125 §6.4.3).
    private static func covers(_ name: String, _ host: String) -> Bool {
        if name == host { return true }
        guard name.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
        return host[dot...] == name.dropFirst()
    }
}

extension StoredCertificate {
    package var files: CertificateFiles { CertificateFiles(certificate: certificate, key: key, hosts: [host]) }
}

extension CertificateResource {
    fileprivate init(_ summary: CertificateSummary, now: Date) {
        self.init(
            hosts: summary.hosts,
            certificate: summary.file,
            subject: summary.subject,
            issuer: summary.issuer,
            notBefore: summary.notBefore.formatted(.iso8601),
            notAfter: summary.notAfter.formatted(.iso8601),
            daysLeft: Int((summary.notAfter.timeIntervalSince(now) / 86_400).rounded(.down)),
            fingerprint: summary.fingerprint,
            isDefault: summary.isDefault
        )
    }
}

extension APIError {
    fileprivate init(_ error: TLSError) {
        switch error {
        case .certificate(let problem): self.init(.invalid, problem.description, target: "certificate")
        case .invalidHost(let host): self.init(.invalid, host, target: "host")
        case .trust(let reason), .handshakeFailed(let reason), .protocolViolation(let reason), .authority(let reason),
            .library(let reason):
            self.init(.invalid, reason, target: "certificate")
        case .handshakeTimedOut, .truncated: self.init(.failed, "the certificate could not be checked")
        }
    }
}
