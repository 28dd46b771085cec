import Foundation
package import Logging
import ServiceLifecycle

/// Reloads certificates when their files change, and warns before they expire.
package struct CertificateReloadService: Service {
    private let store: CertificateStore
    private let interval: Duration
    private let logger: Logger

    package init(store: CertificateStore, interval: Duration = .seconds(1), logger: Logger) {
        self.store = store
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var watch = CertificateWatch(store.files)
            var notice = ExpiryNotice()
            // What changed between the store's start and the watch's would otherwise wait for the next change.
            store.reload()
            while !Task.isCancelled {
                for certificate in notice.due(store.certificates, at: Date()) { warn(certificate) }
                try? await Task.sleep(for: interval)
                if watch.hasChanged(store.files) { store.reload() }
            }
        }
    }

    private func warn(_ certificate: CertificateSummary) {
        let seconds = certificate.notAfter.timeIntervalSinceNow
        logger.warning(
            seconds < 0 ? "certificate has expired" : "certificate expires soon",
            metadata: [
                "file": "\(certificate.file)", "hosts": "\(certificate.hosts.joined(separator: ","))",
                "expires": "\(certificate.notAfter)", "days": "\(Int(seconds / 86_400))",
            ]
        )
    }
}
