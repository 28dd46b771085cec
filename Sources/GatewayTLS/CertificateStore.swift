package import Logging
import Synchronization

/// The certificates that new handshakes use; connections that run keep what they started with.
///
/// They are those of the configuration, which the store was made with, and those that were added since. Handshakes never
/// wait for a file to be read.
package final class CertificateStore: Sendable {
    private let configured: [CertificateFiles]
    private let added: @Sendable () -> [CertificateFiles]
    private let active: Mutex<CertificateSet>
    /// One reload at a time: the last one to begin has read what was added last.
    private let reading = Mutex(())
    private let logger: Logger

    /// A pair of the configuration that cannot be read is an error; an added one is logged and left out until it can.
    ///
    /// - Parameters:
    ///   - files: of the configuration; the first is the default.
    ///   - added: what is to be served beside them at the moment of the call.
    package init(
        files: [CertificateFiles],
        added: @escaping @Sendable () -> [CertificateFiles] = { [] },
        logger: Logger
    ) throws(TLSError) {
        var pairs: [CertificatePair] = []
        for files in files { pairs.append(try CertificatePair(files: files)) }
        configured = files
        self.added = added
        self.logger = logger
        active = Mutex(try CertificateSet(pairs))
        reload()
    }

    package var certificates: [CertificateSummary] { current.summaries }

    /// What the store is to use, in order.
    package var files: [CertificateFiles] { configured + added() }

    /// Reads all files again; a pair that cannot be used is logged, and its old one stays where it had one.
    @discardableResult
    package func reload() -> [CertificateProblem] {
        reading.withLock { _ in
            let old = Dictionary(current.pairs.map { ($0.files, $0) }) { first, _ in first }
            var problems: [CertificateProblem] = []
            let pairs = files.compactMap { files in
                do throws(TLSError) {
                    let fresh = try CertificatePair(files: files)
                    if let known = old[files] { report(fresh.summary, replacing: known.summary) }
                    return fresh
                } catch {
                    problems.append(refuse(error, of: files, isKept: old[files] != nil))
                    return old[files]
                }
            }
            // Never empty: the configuration's were read once, and stay.
            if let next = try? CertificateSet(pairs) { active.withLock { $0 = next } }
            return problems
        }
    }

    /// Reads a pair without using it.
    package static func check(_ files: CertificateFiles) throws(TLSError) -> CertificateSummary {
        try CertificatePair(files: files).summary
    }

    func pair(for host: String?) -> CertificatePair { active.withLock { $0 }.pair(for: host) }

    private var current: CertificateSet { active.withLock { $0 } }

    private func report(_ fresh: CertificateSummary, replacing old: CertificateSummary) {
        guard fresh.fingerprint != old.fingerprint else { return }
        logger.notice(
            "certificate replaced",
            metadata: [
                "file": "\(fresh.file)", "hosts": "\(fresh.hosts.joined(separator: ","))",
                "expires": "\(fresh.notAfter)", "fingerprint": "\(fresh.fingerprint)",
            ]
        )
    }

    private func refuse(_ error: TLSError, of files: CertificateFiles, isKept: Bool) -> CertificateProblem {
        let problem: CertificateProblem
        if case .certificate(let found) = error {
            problem = found
        } else {
            problem = CertificateProblem(file: files.certificate, reason: "\(error)")
        }
        logger.error(
            isKept ? "certificate refused, the old one stays in use" : "certificate refused, it is not served",
            metadata: ["file": "\(problem.file)", "reason": "\(problem.reason)"]
        )
        return problem
    }
}
