package import Logging
import Synchronization

/// The certificates that new handshakes use; connections that run keep what they started with.
///
/// Every change is all or nothing, and nothing is read from disk while the lock is held.
package final class CertificateStore: Sendable {
    private let active: Mutex<CertificateSet>
    private let logger: Logger

    /// The first of `files` is the default.
    package init(files: [CertificateFiles], logger: Logger) throws(TLSError) {
        active = Mutex(try CertificateSet(Self.load(files)))
        self.logger = logger
    }

    package var certificates: [CertificateSummary] { current.summaries }

    /// What the store was told to use, in order.
    package var files: [CertificateFiles] { current.pairs.map(\.files) }

    /// Reads all files again; a pair that cannot be used is logged and its old one stays.
    @discardableResult
    package func reload() -> [CertificateProblem] {
        var problems: [CertificateProblem] = []
        let old = current
        let pairs = old.pairs.map { pair in
            do throws(TLSError) {
                let fresh = try CertificatePair(files: pair.files)
                report(fresh.summary, replacing: pair.summary)
                return fresh
            } catch {
                problems.append(refuse(error, of: pair.files))
                return pair
            }
        }
        publish(pairs, over: old)
        return problems
    }

    /// Uses exactly these files from now on; on failure nothing changes.
    package func replace(files: [CertificateFiles]) throws(TLSError) {
        let fresh = try CertificateSet(Self.load(files))
        active.withLock { $0 = fresh }
    }

    /// Adds a pair: hosts that others have go to the new one, and the same files are read again.
    package func add(_ files: CertificateFiles) throws(TLSError) {
        let added = try CertificatePair(files: files)
        var pairs = current.pairs
        if pairs[0].files.certificate == files.certificate {
            pairs[0] = added
        } else {
            pairs.removeAll { $0.files.certificate == files.certificate }
            pairs.append(added)
        }
        let fresh = try CertificateSet(pairs)
        active.withLock { $0 = fresh }
    }

    /// Stops using a host's own certificate, so that the host gets the default; false where it has none of its own.
    package func remove(host: String) -> Bool {
        let name = host.lowercased()
        var pairs = current.pairs
        guard let index = pairs.lastIndex(where: { $0.hosts.contains(name) }), index > 0 else { return false }
        do {
            let rest = try pairs[index].without(host: name)
            pairs.replaceSubrange(index...index, with: rest.map { [$0] } ?? [])
            let fresh = try CertificateSet(pairs)
            active.withLock { $0 = fresh }
            return true
        } catch {
            return false
        }
    }

    /// Reads a pair without using it.
    package static func check(_ files: CertificateFiles) throws(TLSError) -> CertificateSummary {
        try CertificatePair(files: files).summary
    }

    func pair(for host: String?) -> CertificatePair { active.withLock { $0 }.pair(for: host) }

    private var current: CertificateSet { active.withLock { $0 } }

    private static func load(_ files: [CertificateFiles]) throws(TLSError) -> [CertificatePair] {
        var pairs: [CertificatePair] = []
        for files in files { pairs.append(try CertificatePair(files: files)) }
        return pairs
    }

    /// A pair that was added or removed while the files were read must not be undone.
    private func publish(_ pairs: [CertificatePair], over old: CertificateSet) {
        active.withLock { active in
            let fresh = Dictionary(uniqueKeysWithValues: zip(old.pairs.map(ObjectIdentifier.init), pairs))
            let merged = active.pairs.map { pair in fresh[ObjectIdentifier(pair)] ?? pair }
            if let next = try? CertificateSet(merged) { active = next }
        }
    }

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

    private func refuse(_ error: TLSError, of files: CertificateFiles) -> CertificateProblem {
        let problem: CertificateProblem
        if case .certificate(let found) = error {
            problem = found
        } else {
            problem = CertificateProblem(file: files.certificate, reason: "\(error)")
        }
        logger.error(
            "certificate refused, the old one stays in use",
            metadata: ["file": "\(problem.file)", "reason": "\(problem.reason)"]
        )
        return problem
    }
}
