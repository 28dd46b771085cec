/// The pairs in use at one moment and which host gets which; the first is the default.
struct CertificateSet: Sendable {
    let pairs: [CertificatePair]
    private let byHost: [String: Int]

    /// Where two pairs claim one host, the later one has it: it was added with that intent.
    init(_ pairs: [CertificatePair]) throws(TLSError) {
        guard !pairs.isEmpty else {
            throw .certificate(CertificateProblem(file: "certificates", reason: "at least one certificate is needed"))
        }
        self.pairs = pairs
        var byHost: [String: Int] = [:]
        for (index, pair) in pairs.enumerated() {
            for host in pair.hosts { byHost[host] = index }
        }
        self.byHost = byHost
    }

    /// The pair for a host name: exact, then by wildcard for one label, then the default.
    func pair(for host: String?) -> CertificatePair {
        guard let host, pairs.count > 1 else { return pairs[0] }
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if let index = byHost[name] { return pairs[index] }
        guard let dot = name.firstIndex(of: "."), let index = byHost["*" + name[dot...]] else { return pairs[0] }
        return pairs[index]
    }

    var summaries: [CertificateSummary] {
        pairs.enumerated().map { index, pair in
            var summary = pair.summary
            summary.isDefault = index == 0
            return summary
        }
    }
}
