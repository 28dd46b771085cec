import GatewayCore

extension Store {
    package func certificates() -> [StoredCertificate] { contents.certificates }

    /// The pair itself is checked by who adds it; here only the name is.
    package func addCertificate(_ certificate: StoredCertificate) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            let name = certificate.host.hasPrefix("*.") ? String(certificate.host.dropFirst(2)) : certificate.host
            guard Names.isHost(name) else {
                throw Problem(
                    .invalidName,
                    certificate.host,
                    field: "host",
                    "must be a host name in lower case, or *.name"
                )
            }
            let paths = [certificate.certificate, certificate.key]
            guard paths.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else {
                throw Problem(.invalidValue, certificate.host, field: "certificate", "must name two PEM files")
            }
            let before = transaction.certificates.first { $0.host == certificate.host }
            transaction.certificates.removeAll { $0.host == certificate.host }
            transaction.certificates.append(certificate)
            return before == nil ? .created : before == certificate ? .unchanged : .updated
        }
    }

    package func removeCertificate(host: String) async throws(StoreError) {
        try await change { transaction in
            guard transaction.certificates.contains(where: { $0.host == host }) else {
                throw StoreError.notFound(resource: "certificate for \(host)")
            }
            transaction.certificates.removeAll { $0.host == host }
        }
    }
}
