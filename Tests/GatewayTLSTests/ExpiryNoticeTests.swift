import Foundation
import Testing

@testable import GatewayTLS

@Suite struct ExpiryNoticeTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func certificate(days: Double) -> CertificateSummary {
        CertificateSummary(
            file: "server.pem",
            hosts: ["localhost"],
            subject: "CN=localhost",
            issuer: "CN=local",
            notBefore: now,
            notAfter: now.addingTimeInterval(days * 86_400),
            fingerprint: "\(days)",
            isDefault: true
        )
    }

    @Test(arguments: [(31.0, false), (29.0, true), (-1.0, true)])
    func `thirty days ahead is when to warn`(days: Double, isDue: Bool) {
        var notice = ExpiryNotice()
        #expect(notice.due([certificate(days: days)], at: now).isEmpty == !isDue)
    }

    @Test func `one warning a day is enough`() {
        var notice = ExpiryNotice()
        let certificates = [certificate(days: 10)]
        #expect(notice.due(certificates, at: now).count == 1)
        #expect(notice.due(certificates, at: now.addingTimeInterval(86_000)).isEmpty)
        #expect(notice.due(certificates, at: now.addingTimeInterval(86_400)).count == 1)
    }
}
