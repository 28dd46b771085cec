import Foundation
import GatewayAPI
import GatewayStore
import GatewayTLS
import Hummingbird

/// What `/api/v1/certificates` answers.
struct CertificateRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(ResourceList(controlPlane.certificates.certificates.map { CertificateResource($0, now: Date()) }))
    }

    /// Checked before it is stored: a pair that cannot be served never reaches the listener.
    @Sendable func add(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(CertificateRequest.self, from: request)
        let files = CertificateFiles(certificate: asked.certificate, key: asked.key, hosts: [asked.host])
        let summary: CertificateSummary
        do throws(TLSError) {
            summary = try CertificateStore.check(files)
        } catch {
            throw APIError(error)
        }
        let stored = StoredCertificate(host: asked.host.lowercased(), certificate: asked.certificate, key: asked.key)
        let outcome = try await controlPlane.store.addCertificate(stored)
        return .json(CertificateResource(summary, now: Date()), status: outcome.status)
    }

    @Sendable func remove(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await controlPlane.store.removeCertificate(host: context.name("host").lowercased())
        return .noContent
    }
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
